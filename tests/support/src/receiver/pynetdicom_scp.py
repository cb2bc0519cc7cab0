"""A Storage SCP of pynetdicom: takes every SOP class, private ones too, and writes each data set as it came.

A file appears in the folder under its SOP instance UID when it is whole.
"""

import argparse
import os
import ssl

import pynetdicom
from pynetdicom import AE, _config, acse, evt

parser = argparse.ArgumentParser()
parser.add_argument("--aet", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
parser.add_argument("--transfer-syntax", action="append")
parser.add_argument("--max-pdu", type=int, default=16382)
parser.add_argument("--tls", nargs=3, metavar=("KEY", "CERT", "CA"))
parser.add_argument("--client", choices=["required", "optional", "ignored"], default="required")
args = parser.parse_args()

_config.UNRESTRICTED_STORAGE_SERVICE = True
_config.STORE_RECV_CHUNKED_DATASET = True

negotiate_all = acse.negotiate_unrestricted


def negotiate(rq_contexts, ac_contexts, roles=None):
    """Of each context the first transfer syntax that is wanted; without one it is refused (PS3.8 9.3.3.2: 4)."""
    result, reply_roles = negotiate_all(rq_contexts, ac_contexts, roles)
    proposed = {cx.context_id: cx.transfer_syntax for cx in rq_contexts}
    for cx in result:
        if cx.result == 0 and cx.abstract_syntax != "1.2.840.10008.1.1":
            wanted = [uid for uid in proposed[cx.context_id] if uid in args.transfer_syntax]
            if wanted:
                cx.transfer_syntax = [wanted[0]]
            else:
                cx.result = 4
    return result, reply_roles


if args.transfer_syntax:
    acse.negotiate_unrestricted = negotiate


def store(event):
    uid = event.request.AffectedSOPInstanceUID
    os.replace(event.dataset_path, os.path.join(args.folder, uid + ".dcm"))
    return 0x0000


context = None
if args.tls:
    key, cert, ca = args.tls
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=ca)
    context.load_cert_chain(cert, key)
    context.verify_mode = {
        "required": ssl.CERT_REQUIRED,
        "optional": ssl.CERT_OPTIONAL,
        "ignored": ssl.CERT_NONE,
    }[args.client]

pynetdicom.debug_logger()
ae = AE(ae_title=args.aet)
ae.maximum_associations = 100
ae.maximum_pdu_size = args.max_pdu
ae.add_supported_context("1.2.840.10008.1.1")
ae.start_server(("127.0.0.1", args.port), evt_handlers=[(evt.EVT_C_STORE, store)], ssl_context=context)
