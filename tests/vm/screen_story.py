"""The station's display and its operator, on the emulated machine: two ways to the display, presses, a display that goes."""
import picture
from case import FRAMES_PER_SECOND
from grabber import Grabber
from story import READING_SECONDS_MAX, SHELL_SECONDS_MAX, claim, cut, screen_shows, self_tested, shows, told, wait_line

# Of the screen at 1280 x 800: inside of the radiograph's place; in the coloured mark of a list's first line; the head,
# which says a reading's age.
RADIOGRAPH = (40, 200, 560, 620)
MARK = (16, 80, 22, 150)
HEAD = 48
# Presses until the map is as it was: off, and on again fainter, four times.
FADES = 8
# Shares of the screen: the radiograph, the fourth of five keys, the fourth of four.
MIDDLE, TRIAGE, BACK = (0.25, 0.5), (0.7, 0.9), (0.875, 0.9)
DRIVER = "/sys/bus/virtio/drivers/virtio_gpu"


def framebuffer(bench):
    """The same picture by /dev/fb0."""
    machine = bench.boot("framebuffer")
    try:
        self_tested(machine)
        case = bench.cases[1]
        Grabber(machine.grabber_socket, case.frame, FRAMES_PER_SECOND)
        told(machine, case)
        screen_shows(machine, case)
        claim(f"by the framebuffer too, the display shows {case.name} as the host draws it, pixel for pixel")
        cut(bench, machine)
    finally:
        machine.stop()


def operated(bench):
    """A keyboard and a touch screen, plugged in while the station runs; then the display is taken away and given back."""
    first, second = bench.cases
    machine = bench.boot()
    try:
        self_tested(machine)
        grabber = Grabber(machine.grabber_socket, first.frame, FRAMES_PER_SECOND)
        told(machine, first)
        screen_shows(machine, first)
        by_touch(machine, *by_keyboard(machine))
        display_goes_and_comes(machine, grabber, second)
        cut(bench, machine)
    finally:
        machine.stop()


def by_keyboard(machine):
    """From the result to the bare radiograph, to the triage list and back; the list as it looks."""
    before = picture.read_png(machine.screen())
    plugged(machine, "usb-kbd", 1)
    result = shows(machine, lambda seen: not alike(seen, before), "keys, since there is a keyboard")
    machine.press("m")
    bare = shows(machine, lambda seen: picture.is_grey(seen, RADIOGRAPH), "the bare radiograph")
    claim("a keyboard is used as soon as it is plugged in: M takes the map off the radiograph")
    machine.press("t")
    listed = shows(machine, lambda seen: picture.is_plain(seen, MARK) and not picture.is_grey(seen, MARK), "a list")
    machine.press("esc")
    shows(machine, lambda seen: alike(seen, bare), "the bare radiograph again")
    faint = faded(machine, bare, 1)
    faded(machine, faint, FADES - 2)
    shows(machine, lambda seen: alike(seen, result), "the map as it was at first")
    claim("T goes to the triage list, Esc back; M fades the map in steps and off, and comes round to the first picture")
    return bare, listed, faint


def faded(machine, seen, presses):
    """The picture after so many presses of M, each of which is waited for: two at once count as one that bounces."""
    for _ in range(presses):
        machine.press("m")
        before = seen
        seen = shows(machine, lambda now: not alike(now, before), "another map")
    return seen


def by_touch(machine, bare, listed, faint):
    """The same way by a finger, on the radiograph and on the keys, through the same pictures."""
    plugged(machine, "usb-tablet", 2)
    ways = [(MIDDLE, bare), (TRIAGE, listed), (BACK, bare), (MIDDLE, faint)]
    for number, (place, picture_then) in enumerate(ways, 1):
        machine.touch(*place)
        shows(machine, lambda seen: alike(seen, picture_then), f"what the keys led to, after touch {number}")
    faded(machine, faint, FADES - 2)
    claim("a touch screen leads to the same pictures: the radiograph without the map, the triage list, and back")


def plugged(machine, kind, inputs):
    """A device is there, and the station has opened it as one of so many."""
    machine.plug(kind, kind)
    opened = f"[ $(ls -l /proc/$(pidof raymap | cut -d ' ' -f 1)/fd | grep -c /dev/input/event) = {inputs} ]"
    text, code = machine.shell(f"for _ in $(seq 60); do {opened} && break; sleep 0.5; done; {opened}", SHELL_SECONDS_MAX)
    assert code == 0, f"the station does not open the {kind}: {text}"


def alike(one, other):
    """Whether they are the same below the head, where the time and a reading's age stand."""
    box = picture.difference(one, other)
    return box is None or box[3] <= HEAD


def display_goes_and_comes(machine, grabber, case):
    """Without a display readings are made and told of; when it is back it shows the newest."""
    _, code = machine.shell(f"gpu=$(ls {DRIVER} | grep ^virtio); echo $gpu > {DRIVER}/unbind; ! test -e /dev/dri/card0", SHELL_SECONDS_MAX)
    assert code == 0, "the display is still there"
    fault = wait_line(machine, lambda l: l.kind == "fault" and l.fields["code"] == "screen_absent", READING_SECONDS_MAX)
    claim(f"a display that is taken away is a fault, not an end: {fault.text}")
    grabber.unplug()
    wait_line(machine, lambda l: l.kind == "fault" and l.fields["origin"] == "source" and l.sequence > fault.sequence, READING_SECONDS_MAX)
    Grabber(machine.grabber_socket, case.frame, FRAMES_PER_SECOND)
    line = told(machine, case)
    claim(f"meanwhile {case.name} is read and told of: {line.text}")
    machine.shell(f"echo $gpu > {DRIVER}/bind", SHELL_SECONDS_MAX)
    # Without them there are no keys on the screen, as on the host's.
    for kind in ("usb-kbd", "usb-tablet"):
        machine.qmp("device_del", id=kind)
    screen_shows(machine, case)
    claim(f"the display is back and shows {case.name} as the host draws it, pixel for pixel")


CHAPTERS = [framebuffer, operated]
