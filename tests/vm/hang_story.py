"""A station that hangs, on the emulated machine: it is started anew at whatever stage, and three times lead to safe mode."""
import json
import re
import shutil
import subprocess
import time

import picture
from case import FRAMES_PER_SECOND, host_board
from grabber import Grabber
from line import question
from machine import Broken
from story import (
    BOOT_SECONDS_MAX, READING_SECONDS_MAX, SHELL_SECONDS_MAX, aside, claim, self_tested, shows, told, wait_line,
    wait_line_of)

# Stages of src/station/stage.rs, those first to which a station without a grabber comes.
WITHOUT_GRABBER = ("starting", "self_testing", "opening", "waiting")
WITH_GRABBER = ("capturing", "reading", "keeping", "showing", "telling", "stopping")
# From the last progress of a station that hangs to its next start.
RESTART_SECONDS_MAX = 15
# So long the reason may take to reach the disk, after that it was told (src/cli/supervise.rs).
REASON_SECONDS_MAX = 1
# Until a stage is reached and has hung.
HANG_SECONDS_MAX = 180
# The board's watchdog, after the last feeding: what hanging.toml says and five seconds; the machine needs a little.
BITE_SECONDS_MAX = 20
STATE = "/var/lib/raymap/station"
FAILED_STARTS_MAX = 3


def safe_mode(bench):
    """Three hangs while reading; the fourth start reads nothing, says why on the line and on the display, and answers."""
    case = bench.cases[0]
    machine = bench.boot("hanging")
    try:
        self_tested(machine)
        Grabber(machine.grabber_socket, case.frame, FRAMES_PER_SECOND)
        told(machine, case)
        drill(machine, "reading")
        seconds = [restart(machine, "reading", number) for number in range(FAILED_STARTS_MAX)]
        claim(f"a station that hangs while reading is started anew after {max(seconds):.1f} s at most, three times")
        fault = wait_line(machine, lambda l: l.kind == "fault" and l.fields["code"] == "safe_mode", BOOT_SECONDS_MAX)
        reason = reason_of(machine)
        says_why(bench, machine, fault, reason)
        start = whole_lines(machine)
        machine.shell("rm drill; kill -TERM $(pidof raymap)", SHELL_SECONDS_MAX)
        wait_line_of(machine.line, case.is_told_by, READING_SECONDS_MAX, start)
        claim("after safe mode it is tried again, and reads")
        board_hangs(machine)
    finally:
        machine.stop()


def every_stage(bench):
    """A hang at each stage ends in a new start."""
    case = bench.cases[0]
    machine = bench.boot("hanging")
    try:
        self_tested(machine)
        for stage in WITHOUT_GRABBER:
            drill(machine, stage)
            claim(f"a hang while {stage} ends in a new start after {restart(machine, stage):.1f} s")
        Grabber(machine.grabber_socket, case.frame, FRAMES_PER_SECOND)
        for stage in WITH_GRABBER:
            drill(machine, stage)
            if stage == "stopping":
                wait_line_of(machine.line, case.is_told_by, READING_SECONDS_MAX, whole_lines(machine))
                machine.shell("kill -TERM $(pidof raymap)", SHELL_SECONDS_MAX)
            claim(f"a hang while {stage} ends in a new start after {restart(machine, stage):.1f} s")
    finally:
        machine.stop()


def whole_lines(machine):
    """How much the line has told so far."""
    machine.line.drain()
    return machine.line.text.rfind(b"\n") + 1


def drill(machine, stage):
    """The station is started anew, to hang at `stage`; starts before do not count."""
    machine.shell(f"echo {stage} > drill; kill -9 $(pidof raymap); rm -rf {STATE}; : > log", SHELL_SECONDS_MAX)


def restart(machine, stage, before=0):
    """Seconds from the last progress of the hang that has so many before it to the next start."""
    pattern = re.compile(
        rf"no progress while {stage} for ([\d.]+) s.*?ended with 5 at ([\d.]+)\nstart at ([\d.]+)", re.DOTALL)
    end = time.monotonic() + HANG_SECONDS_MAX
    while True:
        log, _ = machine.shell("cat log", SHELL_SECONDS_MAX)
        found = pattern.findall(log)
        if len(found) > before:
            hung, ended, started = map(float, found[before])
            # Between the telling and the end lies what the reason takes, which is not told.
            seconds = hung + REASON_SECONDS_MAX + started - ended
            assert seconds <= RESTART_SECONDS_MAX, f"a hang while {stage} ends in a new start after {seconds} s only"
            return seconds
        assert time.monotonic() < end, f"no hang while {stage} within {HANG_SECONDS_MAX} s; the log:\n{log}"
        machine.line.drain()
        time.sleep(1)


def says_why(bench, machine, fault, reason):
    why = wait_line(machine, lambda l: l.kind == "log" and reason in l.plain("text"), SHELL_SECONDS_MAX)
    claim(f"the next start is in safe mode, and its line says why: {fault.text}; {why.text}")
    start = len(machine.line.text)
    machine.line.send(question(1, do="status"))
    machine.line.wait(r" answer re=1 ok=1 state=safe_mode ", SHELL_SECONDS_MAX, start)
    claim("in safe mode it answers on the serial line")
    drawn = safe_mode_of_host(bench, reason)
    shows(machine, lambda seen: aside(picture.difference(seen, drawn)), "safe mode as the host draws it")
    claim("the display says why, as the host draws it, pixel for pixel")


def reason_of(machine):
    """Why the last start failed, in the program's words."""
    log, _ = machine.shell("cat log", SHELL_SECONDS_MAX)
    return re.findall(r"no progress while \w+ for [\d.]+ s", log)[-1]


def safe_mode_of_host(bench, reason):
    """The host's picture of safe mode after three starts that failed for the same reason."""
    folder = bench.work / "safe-mode"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "state").mkdir(parents=True)
    starts = {"starts": FAILED_STARTS_MAX, "failed_in_a_row": FAILED_STARTS_MAX, "reason": reason}
    (folder / "state/starts.json").write_text(json.dumps(starts))
    (folder / "board.toml").write_text(host_board() + 'station = { folder = "state" }\n')
    command = [bench.host, "run", "--forever", "--board", "board.toml"]
    host = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # The self-test's picture stands before it.
        end = time.monotonic() + BOOT_SECONDS_MAX
        while b"code=safe_mode" not in serial_of(folder):
            assert time.monotonic() < end, "the host does not go into safe mode"
            time.sleep(0.2)
        time.sleep(2)
        return picture.read_png((folder / "screen.png").read_bytes())
    finally:
        host.kill()
        host.wait()


def serial_of(folder):
    path = folder / "out/serial.log"
    return path.read_bytes() if path.exists() else b""


def board_hangs(machine):
    """What the program cannot end by itself, the board's watchdog ends."""
    machine.shell("kill -STOP $(pidof raymap)", SHELL_SECONDS_MAX)
    stopped = time.monotonic()
    try:
        machine.wait_end(BITE_SECONDS_MAX)
    except Broken:
        raise AssertionError(f"the watchdog does not bite within {BITE_SECONDS_MAX} s") from None
    claim(f"a station that stands still as a whole is ended by the board's watchdog after {time.monotonic() - stopped:.1f} s")


CHAPTERS = [safe_mode]
EVERY_STAGE = [every_stage]
