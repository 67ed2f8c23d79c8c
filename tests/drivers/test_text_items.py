"""Items made in Python, by the words of the device file."""

from __future__ import annotations

import pytest
from mktl_drivers.specs import item_spec

from mktl.devicefile import Conversion
from mktl.errors import ItemValueError, TemplateError
from tests.conftest import wait_for
from tests.drivers.fakes import Dialogue, FakePort, fake_link, spec_of


def made(**words: object):
    return item_spec("temp", {"type": "numeric"}, spec_of(), **words)


def test_the_words_come_to_what_a_file_comes_to() -> None:
    spec, query = made(
        get="SETP? 1", reply="{k:f},{st:d}", field="k", set="SETP 1,{:.4f}", set_reply="OK",
        scale=0.1, offset=1.0, poll_s=2.0, reply_timeout_s=3.0, good_when={"st": 0},
        disabled_when={"st": [8, 9]}, check=False,
    )  # fmt: skip
    assert query is not None
    assert spec.command is not None
    assert (query.steps[0].send.source, query.steps[0].reply.source, query.steps[0].reply_timeout_s) == (
        "SETP? 1",
        "{k:f},{st:d}",
        3.0,
    )
    assert (spec.command.steps[0].send.source, spec.command.check) == ("SETP 1,{:.4f}", False)
    assert (spec.field, spec.poll_s, spec.read_back) == ("k", 2.0, True)
    assert spec.conversion == Conversion(0.1, 1.0)
    assert (spec.good_when, spec.disabled_when) == ({"st": (0,)}, {"st": (8, 9)})


def test_what_can_only_be_set_is_not_read_back() -> None:
    spec, query = made(set="MOUT 1,{:.2f}")
    assert query is None
    assert not spec.read_back


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ({}, "temp: needs get= and reply=, or set="),
        ({"get": "KRDG? A"}, "temp: get= and reply= go together"),
        ({"get": "KRDG? A", "reply": "{k:f}"}, r"'\{k:f\}' has no field ''; it has \['k'\]"),
        ({"get": "K?", "reply": "{:f}", "set_reply": "OK"}, "needs"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words, text) -> None:
    with pytest.raises(ItemValueError, match=text):
        made(**words)


def test_a_template_that_is_none_is_refused_where_the_item_is_made() -> None:
    with pytest.raises(TemplateError, match=r"SETP 1,\{:\.4y\}"):
        made(set="SETP 1,{:.4y}")


def test_an_item_may_be_added_to_a_link_that_is_open_already(serve, make_daemon) -> None:
    port = FakePort(Dialogue({"KRDG? A": "+4.2", "KRDG? B": "+77.35"}))
    link = fake_link(port)
    first = serve(link, tempa={"get": "KRDG? A", "reply": "{:f}"})
    wait_for(lambda: first["tempa"].status == "ok")
    from mktl_drivers import TextItem

    import mktl

    class Later(mktl.Daemon):
        def setup(self) -> None:
            self.add_item(TextItem, "tempb", link=link, get="KRDG? B", reply="{:f}")

    second = make_daemon(alias="two", items={"tempb": {"type": "numeric"}}, daemon_class=Later)
    wait_for(lambda: second.items["tempb"].status == "ok")
    assert second.items["tempb"].value == 77.35
