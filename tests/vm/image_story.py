"""What happens to a station that starts from an image, chapter by chapter, and what is claimed of each."""
import json
import re
import shutil
import subprocess
import time
from pathlib import Path

from case import FRAMES_PER_SECOND, Case, phantom
from grabber import Grabber
from hang_story import FAILED_STARTS_MAX, RESTART_SECONDS_MAX
from line import lines
from machine import Machine
from story import READING_SECONDS_MAX, REPOSITORY, claim, wait_line_of

HERE = Path(__file__).parent
FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
MODEL = REPOSITORY / "models/lite0-unet-256"
# Emulated, on a machine that may have other things to do: firmware, kernel, some seventy units, the station.
BOOT_SECONDS_MAX = 400
UPDATE_SECONDS_MAX = 400
SHELL_SECONDS_MAX = 60
# Nobody is asked for a name within this of the station's being ready.
PROMPT_SECONDS = 20
GROWTH_BYTES = 64 << 20
STICK_BYTES = 320 << 20
# The drop-in of a drill, gone with the start; until three starts have hung and failed.
DRILL = "/run/systemd/system/raymap.service.d"
HANGS_SECONDS_MAX = 300
RECORDS = "raymap records --board /etc/raymap/board.toml"
STARTED = r"Started .*raymap\.ser"
# The same image, told by the machine's firmware to open a shell on the console.
SHELL = ["-smbios", "type=11,value=io.systemd.stub.kernel-cmdline-extra=systemd.debug_shell=ttyAMA0"]


class Bench:
    """What the chapters share: keys, images and sticks, the machine's disk, a radiograph."""

    def __init__(self, station, host, work, images):
        # `station`: what image.sh is told to put into the image.
        self.station, self.host, self.work, self.images = station, host.resolve(), work, images
        self.radiograph = Case(self, "a phantom", phantom(self.host, work))
        for name in ("maker", "stranger"):
            self.gpg(name, "--passphrase", "", "--quick-gen-key", f"{name} of images", "rsa2048", "sign", "never")
        self.gpg("maker", "--output", work / "maker.gpg", "--export")
        self.disk = work / "disk"
        self.made("1", HERE / "station.toml")
        shutil.copyfile(images / "raymap_1.img", self.disk)
        with open(self.disk, "r+b") as disk:
            disk.truncate(disk.seek(0, 2) + GROWTH_BYTES)
        self.record = None

    def made(self, version, board, *more):
        """The image `version`."""
        subprocess.run(
            [REPOSITORY / "packaging/image.sh", "--version", version, "--board", board, "--out", self.images,
             *self.station, "--update-keys", self.work / "maker.gpg", *more],
            check=True, capture_output=True)

    def damaged(self, version):
        """An image whose station cannot pass its self-test: a byte of its model is another. Made once."""
        etc = self.work / "etc"
        if etc.exists():
            return
        shutil.copytree(MODEL, etc / "model")
        model = bytearray((etc / "model/model.onnx").read_bytes())
        model[len(model) // 2] ^= 1
        (etc / "model/model.onnx").write_bytes(model)
        board = self.work / "damaged.toml"
        board.write_text('model = "/etc/raymap/model"\n' + (HERE / "station.toml").read_text())
        self.made(version, board, "--etc", etc)

    def stick(self, version, signer="maker"):
        """A stick with the slot `version`, as docs/integrators.md has it made; without a signature where nobody signs."""
        folder = self.work / f"stick-{version}-{signer or 'nobody'}"
        folder.mkdir()
        for end in ("root", "efi"):
            shutil.copy(self.images / f"raymap_{version}.{end}", folder)
        names = sorted(path.name for path in folder.iterdir())
        sums = subprocess.run(["sha256sum", *names], cwd=folder, check=True, capture_output=True).stdout
        (folder / "SHA256SUMS").write_bytes(sums)
        if signer:
            self.gpg(signer, "--output", folder / "SHA256SUMS.gpg", "--detach-sign", folder / "SHA256SUMS")
        stick = folder.with_suffix(".img")
        with open(stick, "wb") as file:
            file.truncate(STICK_BYTES)
        subprocess.run(["mkfs.vfat", "-n", "RAYMAP-NEW", stick], check=True, capture_output=True)
        subprocess.run(["mcopy", "-i", stick, *sorted(folder.iterdir()), "::"], check=True)
        shutil.rmtree(folder)
        return stick

    def gpg(self, home, *words):
        folder = self.work / home
        folder.mkdir(mode=0o700, exist_ok=True)
        subprocess.run(["gpg", "--homedir", folder, "--batch", "--quiet", *words], check=True, capture_output=True)

    def boot(self, stick=None, later=(), shell=True):
        """With a stick that is in from the start, and others that may be put in while the machine runs."""
        words = ["-bios", FIRMWARE, *(SHELL if shell else [])]
        for number, image in enumerate([stick, *later]):
            if image:
                words += ["-drive", f"file={image},format=raw,if=none,id=stick{number},readonly=on"]
        if stick:
            words += ["-device", "virtio-blk-pci,drive=stick0"]
        return Machine(self.disk, words)


def no_login(bench):
    """The image as it is: from power-on to a station that is ready, and nobody is asked for a name."""
    machine = bench.boot(shell=False)
    try:
        machine.console.wait(STARTED, BOOT_SECONDS_MAX)
        claim(f"{machine.seconds():.1f} s after power-on (emulated) the image's station is ready")
        wait_line_of(machine.line, lambda l: l.kind == "selftest" and l.fields["test"] == "model", BOOT_SECONDS_MAX)
        failed = {l.fields["test"] for l in lines(machine.line.text) if l.kind == "selftest" and l.fields["ok"] != "1"}
        assert failed <= {"source"}, failed
        place = len(machine.console.text)
        machine.console.send(b"\n")
        end = time.monotonic() + PROMPT_SECONDS
        while time.monotonic() < end:
            machine.console.drain(), machine.line.drain()
            time.sleep(0.1)
        answer = bytes(machine.console.text[place:])
        assert b"login:" not in machine.console.text and not answer.rstrip().endswith((b"#", b"$")), answer
        claim("nobody is asked to log in")
        machine.cut_power()
    finally:
        machine.stop()


def first_start(bench):
    """What is mounted, how the station is kept in, and a reading that is kept; then the power is cut."""
    machine = bench.boot()
    try:
        machine.console.wait(STARTED, BOOT_SECONDS_MAX)
        opened(machine)
        root_is_read_only(machine)
        data_has_grown(machine)
        confined(machine)
        Grabber(machine.grabber_socket, bench.radiograph.frame, FRAMES_PER_SECOND)
        line = wait_line_of(machine.line, bench.radiograph.is_told_by, READING_SECONDS_MAX)
        claim(f"a phantom through the USB grabber is on the serial line: {line.text}")
        bench.record = recorded(machine)
        assert bench.record, "the reading is not in the record"
        machine.cut_power()
    finally:
        machine.stop()


def refused_updates(bench):
    """Sticks that nobody has signed, or a stranger has, are not taken; each is put in while the station runs."""
    bench.damaged("2")
    machine = bench.boot(later=[bench.stick("2", signer) for signer in (None, "stranger")])
    try:
        machine.console.wait(STARTED, BOOT_SECONDS_MAX)
        opened(machine)
        for number, signed in ((1, "by nobody"), (2, "by a stranger")):
            machine.qmp("device_add", driver="usb-storage", drive=f"stick{number}", id=f"put{number}")
            refused(machine, signed)
            machine.qmp("device_del", id=f"put{number}")
        same_record(bench, machine)
        assert said(machine, "ls /usr/changed 2>/dev/null || echo none") == "none"
        claim("what was written into the root is gone with the start")
        machine.cut_power()
    finally:
        machine.stop()


def refused(machine, signed):
    """The update fails, and nothing is written."""
    failed = "systemctl is-failed -q raymap-update"
    said(machine, f"for _ in $(seq {UPDATE_SECONDS_MAX}); do {failed} && break; sleep 1; done; {failed}", UPDATE_SECONDS_MAX)
    why = said(machine, "journalctl -u raymap-update -o cat | grep -iE 'sign|key|verif' | tail -n 1")
    assert slots(machine) == ["raymap_1.efi"], slots(machine)
    claim(f"an image that is signed {signed} is not taken: {why}")
    # The next one is another's.
    said(machine, "systemctl reset-failed raymap-update; journalctl --rotate --vacuum-time=1s 2>&1")


def broken_update(bench):
    """An update whose station fails its self-test starts three times; then the old one is back, with the record."""
    bench.damaged("2")
    machine = bench.boot(bench.stick("2"))
    try:
        machine.console.wait("raymap: starting raymap_1", BOOT_SECONDS_MAX)
        place = len(machine.console.text)
        for number in (1, 2, 3):
            found = machine.console.wait("raymap: starting raymap_2", UPDATE_SECONDS_MAX + BOOT_SECONDS_MAX, place)
            place = found.end()
            machine.console.wait(r"Failed to start .*raymap-tested\.", BOOT_SECONDS_MAX, place)
            claim(f"{machine.seconds():.0f} s: the broken image has failed for the {number}. time")
        found = machine.console.wait(r"raymap: starting (raymap_\d)", BOOT_SECONDS_MAX, place)
        assert found[1] == b"raymap_1", found[1]
        machine.console.wait(STARTED, BOOT_SECONDS_MAX, found.end())
        opened(machine)
        assert slots(machine) == ["raymap_1.efi", "raymap_2+0-3.efi"], slots(machine)
        claim(f"{machine.seconds():.0f} s: the image before is back, and the broken one is marked")
        assert said(machine, "systemctl show --property=StatusText --value raymap") in ("ready", "fault"), "in safe mode"
        same_record(bench, machine)
        machine.cut_power()
    finally:
        machine.stop()


def good_update(bench):
    """An update that passes is found good at its first start, and stays over power cuts."""
    bench.made("3", HERE / "station.toml")
    machine = bench.boot(bench.stick("3"))
    try:
        found = machine.console.wait("raymap: starting raymap_3", UPDATE_SECONDS_MAX + BOOT_SECONDS_MAX)
        machine.console.wait(r"Finished .*systemd-bless-boot", BOOT_SECONDS_MAX, found.end())
        opened(machine)
        assert slots(machine) == ["raymap_1.efi", "raymap_3.efi"], slots(machine)
        claim("the next image passes its self-test and is marked good; the broken one is gone")
        same_record(bench, machine)
        machine.cut_power()
    finally:
        machine.stop()
    machine = bench.boot()
    try:
        found = machine.console.wait(r"raymap: starting (raymap_\d)", BOOT_SECONDS_MAX)
        assert found[1] == b"raymap_3", found[1]
        machine.console.wait(STARTED, BOOT_SECONDS_MAX)
        opened(machine)
        same_record(bench, machine)
        claim("after a power cut it is the good image that starts")
    finally:
        machine.stop()


def hanging(bench):
    """A station that hangs is ended by itself and started anew by the package's unit; three times lead to safe mode."""
    machine = bench.boot()
    try:
        machine.console.wait(STARTED, BOOT_SECONDS_MAX)
        opened(machine)
        # What a board of board/sbc says of itself, and the emulated one does not.
        said(machine, "printf '[station]\\nstage_s_max = 10\\n' >> /etc/raymap/board.toml")
        said(machine, f"mkdir -p {DRILL} && printf '[Service]\\nEnvironment=RAYMAP_DRILL_HANG=opening\\n' > {DRILL}/drill.conf")
        said(machine, "systemctl daemon-reload && systemctl stop raymap && rm -f /var/lib/raymap/starts.json")
        said(machine, "systemctl --no-block start raymap")
        seconds = hangs(machine)
        claim("a station that hangs is started anew by its unit after " + ", ".join(f"{s:.1f} s" for s in seconds))
        assert len(seconds) == FAILED_STARTS_MAX and max(seconds) <= RESTART_SECONDS_MAX, seconds
        same_record(bench, machine)
        machine.cut_power()
    finally:
        machine.stop()


def hangs(machine):
    """Until safe mode: seconds from the last progress of each hang to systemd's next start."""
    status = "systemctl show --property=StatusText --value raymap"
    said(machine, f"for _ in $(seq {HANGS_SECONDS_MAX}); do [ \"$({status})\" = 'safe mode' ] && break; sleep 1; done; "
         f"[ \"$({status})\" = 'safe mode' ]", HANGS_SECONDS_MAX)
    journal = said(machine, "journalctl --no-pager -o short-monotonic -b _PID=1 + SYSLOG_IDENTIFIER=raymap")
    told = r"^\[ *([\d.]+)\] \S+ raymap\[\d+\]: [^\n]*no progress while opening for ([\d.]+) s"
    started = r"^\[ *([\d.]+)\] \S+ systemd\[1\]: Starting raymap\.service"
    found = re.findall(rf"{told}.*?{started}", journal, re.DOTALL | re.MULTILINE)
    return [float(hung) + float(start) - float(at) for at, hung, start in found]


CHAPTERS = [no_login, first_start, refused_updates, broken_update, good_update, hanging]


def opened(machine):
    """The shell on the console, without its echo and its prompt, and without what systemd says there of its units."""
    machine.console.send(b"\nkill -SIGRTMIN+21 1; exec sh\n")
    time.sleep(1)
    machine.shell("PS1=; stty -echo", SHELL_SECONDS_MAX)
    machine.shell("true", SHELL_SECONDS_MAX)


def said(machine, command, seconds_max=SHELL_SECONDS_MAX):
    text, code = machine.shell(command, seconds_max)
    assert code == 0, f"{command}: {text}"
    return text.strip()


def slots(machine):
    return said(machine, "ls /efi/EFI/Linux").split()


def root_is_read_only(machine):
    mounts = [row.split(" - ") for row in said(machine, "cat /proc/self/mountinfo").splitlines()]
    kinds = {left.split()[4]: right.split()[0] for left, right in mounts}
    assert kinds["/"] == "overlay" and kinds["/var/lib/raymap"] == "ext4", kinds
    said(machine, "touch /usr/changed")
    said(machine, "grep -q 1 /sys/class/block/vd?2/ro || blkid /dev/vd?2 | grep -q squashfs")
    claim("the root is a squashfs under an overlay in memory, the data partition lies at /var/lib/raymap")


def data_has_grown(machine):
    bytes_now = int(said(machine, "cat /sys/class/block/vd?4/size")) * 512
    assert bytes_now > 128 << 20, bytes_now
    room = int(said(machine, "stat -f -c '%b' /var/lib/raymap")) * int(said(machine, "stat -f -c '%S' /var/lib/raymap"))
    assert room > 128 << 20, room
    claim(f"the data partition has grown to the disk's end: {bytes_now >> 20} MiB")


def confined(machine):
    process = said(machine, "systemctl show --property=MainPID --value raymap")
    status = dict(row.split(":\t", 1) for row in said(machine, f"cat /proc/{process}/status").splitlines())
    user = said(machine, "id -u raymap")
    assert status["Uid"].split()[0] == user != "0", status["Uid"]
    assert (status["NoNewPrivs"], status["Seccomp"], int(status["CapBnd"], 16)) == ("1", "2", 0), status
    claim("the station runs as a user of its own, confined, without a capability")


def recorded(machine):
    """What is kept, as it is listed and shown; the record has to be clean."""
    found = said(machine, f"{RECORDS} --json verify")
    assert '"clean":true' in found, found
    rows = [json.loads(row) for row in said(machine, f"{RECORDS} --json list").splitlines() if row.startswith("{")]
    return [(row, said(machine, f"{RECORDS} show {row['id']}")) for row in rows]


def same_record(bench, machine):
    assert recorded(machine)[:len(bench.record)] == bench.record, "readings are missing, or are others"
    claim(f"the record is clean; what it had before, {len(bench.record)} readings, it lists and shows as before")
