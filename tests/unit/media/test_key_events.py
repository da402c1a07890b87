"""Keys out of RTP packets: each press once, whatever its packets went through."""

import struct
from random import Random

import pytest

from callwright.media.key_events import MOST_REMEMBERED, Presses, key_packet
from callwright.telephony.sip.key_ears import sorting

NAMES = "0123456789*#ABCD"
SOURCE = 0x1234


def packet(timestamp, key="1", *, duration=160, ends=False, begins=False, source=SOURCE, first=0x80, extra=b""):
    """A packet of a press that began at ``timestamp``."""
    head = struct.pack("!BBHII", first, 101 | (0x80 if begins else 0), 7, timestamp, source)
    return head + extra + struct.pack("!BBH", NAMES.index(key), 0x8A if ends else 0x0A, duration)


def press(timestamp, key="1"):
    """The packets of a press of 100 ms as a phone sends them, the last one three times."""
    rising = [packet(timestamp, key, duration=160 * n, begins=n == 1) for n in range(1, 5)]
    return rising + [packet(timestamp, key, duration=800, ends=True)] * 3


def heard(packets):
    """The keys that were pressed."""
    presses = Presses()
    return "".join(presses.feed(each) for each in packets)


def test_each_key_is_heard_once():
    packets = [each for at, key in enumerate(NAMES) for each in press(2_000 * at, key)]
    assert heard(packets) == NAMES


def test_the_same_key_twice_is_heard_twice():
    assert heard(press(1_000) + press(2_800)) == "11"


@pytest.mark.parametrize("seed", range(20))
def test_packets_that_overtake_each_other_or_come_twice_are_one_press(seed):
    random = Random(seed)
    packets = press(1_000) * random.choice((1, 2))
    random.shuffle(packets)
    assert heard(packets) == "1"


@pytest.mark.parametrize("seed", range(20))
def test_two_presses_of_one_key_whose_packets_mix_are_two(seed):
    random = Random(seed)
    packets = press(1_000) + press(2_800)
    random.shuffle(packets)
    assert heard(packets) == "11"


@pytest.mark.parametrize("kept", range(7))
def test_one_packet_of_a_press_is_enough(kept):
    assert heard([press(1_000)[kept]]) == "1"


def test_a_key_is_heard_with_its_first_packet():
    presses = Presses()
    assert presses.feed(press(1_000)[0]) == "1"
    assert presses.packets == 1


def test_a_key_held_for_long_is_one_press():
    segments = [packet(1_000 + 0xFFFF * n, begins=n == 0, duration=0xFFFF) for n in range(3)]
    assert heard([*segments, packet(1_000 + 0xFFFF * 2, ends=True)]) == "1"
    wrapped = [packet(0xFFFF_FF00, begins=True), packet(0xFFFF_FF00 + 0xFFFF & 0xFFFF_FFFF)]
    assert heard(wrapped) == "1"


def test_a_press_that_begins_where_a_held_one_could_go_on_is_a_press():
    assert heard([packet(1_000, begins=True), packet(1_000 + 0xFFFF, begins=True)]) == "11"
    assert heard([packet(1_000, ends=True), packet(1_000 + 0xFFFF)]) == "11"
    assert heard([packet(1_000), packet(1_000 + 0xFFFF, "2")]) == "12"


def test_two_sources_do_not_take_each_others_keys():
    assert heard([*press(1_000), packet(1_000, source=SOURCE + 1)]) == "11"


def test_a_late_packet_of_an_older_press_is_still_known():
    older = press(1_000, "1")
    between = [each for n in range(MOST_REMEMBERED - 1) for each in press(3_000 * (n + 1), "2")]
    assert heard([*older, *between, older[0]]) == "1" + "2" * (MOST_REMEMBERED - 1)


def test_contributors_and_extensions_of_the_head_are_passed_over():
    listed = packet(1_000, "5", first=0x82, extra=bytes(8))
    extended = packet(2_000, "6", first=0x90, extra=struct.pack("!HH", 0xBEDE, 1) + bytes(4))
    assert heard([listed, extended]) == "56"


@pytest.mark.parametrize(
    "datagram",
    [b"", b"\x80", packet(1_000)[:12], packet(1_000)[:15], b"\x00" + packet(1_000)[1:], packet(1_000, first=0x9F)],
)
def test_what_is_no_press_is_none(datagram):
    assert key_packet(datagram) is None
    assert heard([datagram]) == ""


def test_events_that_are_no_keys_are_not_heard():
    flash = packet(1_000)[:12] + bytes([16, 10, 0, 160])
    assert heard([flash]) == ""


def passed_by(program, datagram):
    """What the kernel's instructions answer: 0 the stack's, 1 ours. A packet too short to look at is the stack's."""
    steps = list(struct.iter_unpack("HBBI", program))
    at, value = 0, 0
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        if code == 0x30:
            if len(datagram) <= operand:
                return 0
            value = datagram[operand]
        elif code == 0x54:
            value &= operand
        elif code == 0x15:
            at += yes if value == operand else no
        else:
            return operand


@pytest.mark.parametrize("types", [[101], [96, 101], [96, 97, 110, 127]])
def test_the_kernel_sorts_by_payload_type(types):
    program = sorting(types)
    for kind in range(128):
        for marker in (0, 0x80):
            assert passed_by(program, bytes([0x80, kind | marker]) + bytes(14)) == int(kind in types)
    assert passed_by(program, b"\x80") == 0
