"""Numbers that wrap around, and the two clocks of a sender report.

RTP counts packets in 16 bits and time in 32, so 0 follows 65535 and "larger" does not mean "later". What can be
told is which way round the circle is shorter; all arithmetic on such numbers is in this file.
"""

from __future__ import annotations

NTP_EPOCH = 2_208_988_800  # seconds from 1900-01-01, where NTP starts, to 1970-01-01, where Unix does (RFC 3550 §4)
NTP_ERA = 1 << 64  # NTP time wraps too, in February 2036


def sequence_delta(new: int, old: int) -> int:
    """How many packets new is after old: -32768 … 32767, negative when it is before.  RFC 3550 §5.1, §A.1"""
    return (new - old + (1 << 15)) % (1 << 16) - (1 << 15)


def timestamp_delta(new: int, old: int) -> int:
    """How many clock ticks new is after old: -2³¹ … 2³¹ - 1.                           RFC 3550 §5.1"""
    return (new - old + (1 << 31)) % (1 << 32) - (1 << 31)


def extend(value: int, reference: int, bits: int = 16) -> int:
    """The number nearest to reference whose lowest bits are value.

    Extended numbers do not wrap: extend(2, 65535) is 65538. With a reference near 0 the result may be negative: a
    number from before the first.
    """
    half = 1 << (bits - 1)
    return reference + (value - reference + half) % (2 * half) - half


def ntp_time(unix_seconds: float) -> int:
    """Wall clock time as 64 bits: seconds since 1900 in the upper 32, the fraction in units of 2⁻³² s in the lower.

    RFC 3550 §4
    """
    seconds = int(unix_seconds)
    # Scaled apart from the whole seconds: together they have more bits than a float, and the fraction would suffer.
    fraction = int((unix_seconds - seconds) * (1 << 32))
    return ((seconds + NTP_EPOCH << 32) + fraction) % NTP_ERA


def middle(ntp: int) -> int:
    """The middle 32 bits of an NTP time: 16 bits of seconds, 16 of fraction, enough to take the time of a round trip.

    RFC 3550 §4, §6.4.1
    """
    return ntp >> 16 & 0xFFFFFFFF


def unix_time(ntp: int) -> float:
    """Seconds since 1970 of a 64-bit NTP time. With the top bit clear it is one after February 2036 (RFC 4330 §3)."""
    if ntp < NTP_ERA // 2:
        ntp += NTP_ERA
    return (ntp >> 32) - NTP_EPOCH + (ntp & 0xFFFFFFFF) / (1 << 32)
