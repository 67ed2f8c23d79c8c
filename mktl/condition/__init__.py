"""Conditions on items: what ``mark wait`` waits for, and what a device file calls done."""

from .nodes import Condition, ConditionError, Known, Verdict
from .text import parse

__all__ = ["Condition", "ConditionError", "Known", "Verdict", "parse"]
