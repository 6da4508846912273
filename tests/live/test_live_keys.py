# SPDX-License-Identifier: GPL-2.0-or-later
"""A sensor with --keylog: the file is empty when it starts and grows while the sessions go on; what
is found inside, and the verdicts, are those of the recorded packets with the whole file.

    test_live_keys.py PROGRAM ROOT

The rows are as those of test_live_verdicts.py. Needs root.
"""
import os
import sys

import test_live_verdicts as live
from common import LOGIN, SWAKS

INSIDE = SWAKS + LOGIN + "--tls --tls-sni $HOST "
ROWS = [
    dict(name="live-keys-tls13.pcapng", client=INSIDE + "--tls-protocol tlsv1_3", live_finding="auth.mech_basic"),
    dict(name="live-keys-tls12.pcapng", client=INSIDE + "--tls-protocol tlsv1_2", live_finding="auth.mech_basic"),
    dict(name="live-keys-refused.pcapng", client=INSIDE, live_finding="auth.rejected",
         server={"fail": {"auth": "535 5.7.3 Authentication unsuccessful"}}),
]


class WithKeys(live.Live):
    """The server writes the file, with each session."""

    def __init__(self, row, certs, number):
        super().__init__(row, certs, number)
        keys = os.path.join(self.work, "keylog")
        with open(keys, "wb"):
            pass
        self.row["sensor"] = ["--keylog", keys]


def main():
    certs = live.record.certificates()
    failed = 0
    for number, row in enumerate(ROWS):
        troubles = WithKeys(row, certs, number).go()
        print(f"{'FAILED' if troubles else 'ok'}: {row['name']}", flush=True)
        for line in troubles[:12]:
            print(f"    {line}", flush=True)
        failed += bool(troubles)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
