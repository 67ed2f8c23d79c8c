"""Instruments that are not there: models with the physics and the manners of the real ones.

A model is a :class:`~mktl_simulators.dialect.SimulatedDevice`; a server puts it on a line
(:mod:`~mktl_simulators.serve`), and what goes wrong on lines can be ordered
(:mod:`~mktl_simulators.faults`).
"""
