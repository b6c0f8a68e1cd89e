"""A day at the console: radiographs through the grabber among menus, fades and blanks, each told of once and nothing else."""
import time

import picture
from case import FRAMES_PER_SECOND, phantom
from grabber import Frame, Grabber
from line import lines
from story import READING_SECONDS_MAX, claim, cut, self_tested, wait_line

# What lies between two radiographs is shown so long that it settles, too.
BETWEEN_SECONDS = 2
FADE_FRAMES = 4
# Left on the console after it was told of: whoever reads it again says so before the next one.
AFTER_SECONDS = 3
MENU_LINE_ROWS = 26
# A phantom may be refused, which is no matter here.
TOLD = ("reading", "refused")


def day(bench, count):
    """`count` phantoms, each after a menu and a fade, left on the console for a while, followed by a blank."""
    machine = bench.boot()
    try:
        self_tested(machine)
        blank = frame(picture.plain(*picture.AREA[2:], 0))
        grabber = Grabber(machine.grabber_socket, blank, FRAMES_PER_SECOND)
        time.sleep(BETWEEN_SECONDS)
        for number in range(count):
            one_radiograph(machine, grabber, number, frame(radiograph(bench, number)), blank)
        told = told_of(machine)
        assert [int(l.fields["n"]) for l in told] == list(range(1, count + 1)), [l.text for l in told]
        claim(f"of {count} radiographs among menus and fades each was told of once, and nothing else was")
        cut(bench, machine)
    finally:
        machine.stop()


def one_radiograph(machine, grabber, number, seen, blank):
    before = menu(number)
    # All drawn first: a fade that waits for its next picture would stand still.
    comes, goes = fade(before, seen), fade(seen, blank)
    show(grabber, [before], BETWEEN_SECONDS)
    assert len(told_of(machine)) == number, f"something was told of before radiograph {number + 1}"
    show(grabber, comes, 1 / FRAMES_PER_SECOND)
    wait_line(machine, lambda l: l.kind in TOLD and int(l.fields["n"]) == number + 1, READING_SECONDS_MAX)
    time.sleep(AFTER_SECONDS)
    show(grabber, goes, 1 / FRAMES_PER_SECOND)
    time.sleep(BETWEEN_SECONDS)
    assert len(told_of(machine)) == number + 1, f"radiograph {number + 1} was told of twice"


def told_of(machine):
    return [l for l in lines(machine.line.text) if l.kind in TOLD]


def show(grabber, frames, seconds):
    for seen in frames:
        grabber.show(seen)
        time.sleep(seconds)


def fade(one, other):
    """From after `one` to `other`."""
    steps = range(1, FADE_FRAMES + 1)
    mixed = (bytes(a + (b - a) * step // FADE_FRAMES for a, b in zip(one.luma(), other.luma())) for step in steps)
    return [Frame(one.width, one.height, luma) for luma in mixed]


def frame(area):
    return Frame(*picture.SCREEN, picture.on_console(area))


def radiograph(bench, number):
    png = phantom(bench.host, bench.work, seed=100 + number)
    return picture.fitted(picture.read_png(png).grey(), *picture.AREA[2:])


def menu(number):
    """A light work list with dark lines, whose lengths tell one from the next."""
    width, height = picture.AREA[2:]
    data = bytearray(b"\xe0" * (width * height))
    for line, top in enumerate(range(MENU_LINE_ROWS, height - MENU_LINE_ROWS, MENU_LINE_ROWS)):
        length = 80 + (line * 97 + number * 61) % (width - 120)
        picture.paste(data, width, picture.plain(length, 8, 40), 16, top)
    return frame(picture.Picture(width, height, 1, data))
