"""A Storage SCU of pynetdicom: sends each file's data set as it stands, in the file's own transfer syntax.

Prints one line per file: its SOP instance UID and the status, or "refused" without a presentation context.
"""

import argparse
import ssl
import sys
import threading
import types

from pydicom import dcmread
from pynetdicom import AE, _config, association
from pynetdicom.presentation import build_context

parser = argparse.ArgumentParser()
parser.add_argument("--aet", required=True)
parser.add_argument("--call", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--tls", metavar="CA")
parser.add_argument("--certificate", nargs=2, metavar=("KEY", "CERT"))
parser.add_argument("files", nargs="+")
args = parser.parse_args()

_config.STORE_SEND_CHUNKED_DATASET = True


class Gate(threading.Event):
    """Knows whether somebody waits. pynetdicom 3.0.4 takes its reactor for paused a moment before it looks at the
    event, and on a busy machine the reactor then takes the response away from send_c_store(), for which none comes."""

    def __init__(self):
        super().__init__()
        self.parked = False
        self.mutex = threading.Lock()

    def wait(self, timeout=None):
        with self.mutex:
            if self.is_set():
                return True
            self.parked = True
        return super().wait(timeout)

    def set(self):
        with self.mutex:
            self.parked = False
            super().set()

    def clear(self):
        with self.mutex:
            super().clear()


association.threading = types.SimpleNamespace(**{**vars(threading), "Event": Gate})
association.Association._is_paused = property(
    lambda self: self._kill or self._reactor_checkpoint.parked, lambda self, value: None
)

metas = {path: dcmread(path, stop_before_pixels=True, specific_tags=[]).file_meta for path in args.files}
contexts = {(meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID) for meta in metas.values()}

tls = None
if args.tls:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=args.tls)
    if args.certificate:
        context.load_cert_chain(args.certificate[1], args.certificate[0])
    tls = (context, "localhost")

ae = AE(ae_title=args.aet)
assoc = ae.associate(
    "127.0.0.1",
    args.port,
    ae_title=args.call,
    contexts=[build_context(abstract, transfer) for abstract, transfer in sorted(contexts)],
    tls_args=tls,
)
if not assoc.is_established:
    sys.exit("no association: " + ("rejected" if assoc.is_rejected else "aborted"))
for path, meta in metas.items():
    try:
        answer = f"{assoc.send_c_store(path).Status:04X}"
    except ValueError:
        answer = "refused"
    except AttributeError:
        sys.exit(f"no response to {meta.MediaStorageSOPInstanceUID}")
    print(meta.MediaStorageSOPInstanceUID, answer, flush=True)
assoc.release()
