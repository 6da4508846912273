#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The service and the Debian package: the unit is valid and hardened, options in the configuration
exist, the package holds what it has to, its scripts are sh, and lintian has nothing to say. What a
tool is missing for is said and left out."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOOL, SOURCE = sys.argv[1], sys.argv[2]
SYSTEMD = os.path.join(SOURCE, "capture-tool", "systemd")
# What systemd's own rating may reach; 10 is "unsafe". Left are packet sockets and the network.
MOST_EXPOSED = 2.0
WANTED = [
    "./etc/default/smtp365", "./etc/logrotate.d/smtp365", "./usr/bin/smtp365",
    "./usr/lib/systemd/system/smtp365.service", "./usr/lib/sysusers.d/smtp365.conf",
    "./usr/lib/tmpfiles.d/smtp365.conf", "./usr/share/man/man1/smtp365.1.gz",
    "./usr/share/bash-completion/completions/smtp365",
    "./usr/share/zsh/vendor-completions/_smtp365", "./usr/share/doc/smtp365/copyright",
]
bad = []


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def missing(program):
    if shutil.which(program):
        return False
    print(f"{program}: not installed, left out")
    return True


def check_unit(folder):
    """With the program that was just built in the place of the installed one."""
    unit = os.path.join(folder, "smtp365.service")
    with open(os.path.join(SYSTEMD, "smtp365.service")) as f:
        text = f.read()
    for line in ("Type=notify", "WatchdogSec=", "ProtectSystem=strict", "MemoryMax=",
                 "AmbientCapabilities=CAP_NET_RAW", "NoNewPrivileges=yes", "SystemCallFilter="):
        if line not in text:
            bad.append(f"smtp365.service: no {line}")
    if missing("systemd-analyze"):
        return
    with open(unit, "w") as f:
        f.write(text.replace("/usr/bin/smtp365", TOOL).replace("Documentation=man:smtp365(1)\n", ""))
    status, said = run("systemd-analyze", "verify", unit)
    if status != 0 or "smtp365.service" in said:
        bad.append("systemd-analyze verify: " + said)
    status, said = run("systemd-analyze", "security", "--offline=true", "--no-pager", unit)
    rating = re.search(r"exposure level for smtp365.service: ([0-9.]+)", said)
    if not rating:
        bad.append("systemd-analyze security: " + said[-200:])
    elif float(rating.group(1)) > MOST_EXPOSED:
        bad.append(f"exposure {rating.group(1)}, more than {MOST_EXPOSED}")


def check_options():
    """Every option that the configuration names, in comments too, is one of the program."""
    with open(os.path.join(SYSTEMD, "smtp365.default")) as f:
        text = f.read()
    _, usage = run(TOOL, "--help")
    for option in re.findall(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)", text):
        if not re.search(r"(^|[\s,])" + re.escape(option) + r"\b", usage):
            bad.append(f"smtp365.default: {option} is no option")


def check_package(folder):
    build = os.path.dirname(TOOL)
    if missing("cpack") or missing("dpkg-deb") or missing("dpkg-shlibdeps"):
        return
    if not os.path.exists(os.path.join(build, "CPackConfig.cmake")):
        print("no package description in the build folder, left out")
        return
    status, said = run("cpack", "--config", os.path.join(build, "CPackConfig.cmake"), "-B", folder)
    packages = [f for f in os.listdir(folder) if f.endswith(".deb")]
    if status != 0 or len(packages) != 1:
        bad.append("cpack: " + said[-500:])
        return
    package = os.path.join(folder, packages[0])
    _, contents = run("dpkg-deb", "-c", package)
    names = [line.split()[-1] for line in contents.splitlines()]
    bad.extend(f"package: {name} is missing" for name in WANTED if name not in names)
    bad.extend(f"package: {name} does not belong there" for name in names if "wireshark" in name)
    _, about = run("dpkg-deb", "-I", package)
    for word in ("postinst", "prerm", "postrm", "conffiles", "libpcap", "libseccomp"):
        if word not in about:
            bad.append(f"package: no {word}")
    if not missing("lintian"):
        _, said = run("lintian", "--allow-root", package)
        # A build with debugging aids is no package to be shipped.
        lines = [x for x in said.splitlines() if x[:2] in ("E:", "W:")]
        bad.extend(x for x in lines if "unstripped" not in x and "hardening" not in x)


def check_scripts():
    for name in ("postinst", "prerm", "postrm"):
        status, said = run("sh", "-n", os.path.join(SYSTEMD, "debian", name))
        if status != 0:
            bad.append(f"{name}: {said}")


def check_rules():
    """The example alert rules, as Prometheus itself sees them, and what they fire at."""
    if missing("promtool"):
        return
    for words in (("check", "rules", os.path.join(SYSTEMD, "smtp365.rules.yml")),
                  ("test", "rules", os.path.join(SOURCE, "tests", "checks", "alerts.yml"))):
        status, said = run("promtool", *words)
        if status != 0:
            bad.append("promtool: " + said)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_unit(folder)
        check_options()
        check_scripts()
        check_rules()
        check_package(folder)
    for line in bad:
        print(line)
    print("package:", "FAILED" if bad else "fine")
    return 1 if bad else 0


sys.exit(main())
