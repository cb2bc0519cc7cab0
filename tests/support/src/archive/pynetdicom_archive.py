"""An archive of pynetdicom: takes every SOP class, and reports on storage commitment as it is told, true or not.

What it is told stands in `plan.json` of the folder: `To` (AET and port), a `Status` for the response, and `Reports`,
each with `From` (an AET), `Transaction`, `Class` (in place of the true ones), `Success` and `Failures` (with reasons):
of what is requested, by the order in which it was stored, last where it was stored twice. What was stored, requested
and reported is written to `stored.jsonl`, `requests.jsonl` and `reports.jsonl`, a line each when it is over.
"""

import argparse
import json
import os
import threading

import pynetdicom
from pydicom.dataset import Dataset
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance, Verification

parser = argparse.ArgumentParser()
parser.add_argument("--aet", required=True)
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--folder", required=True)
args = parser.parse_args()

_config.UNRESTRICTED_STORAGE_SERVICE = True

lock = threading.Lock()
stored = {}
count = 0


def write(name, line):
    with lock, open(os.path.join(args.folder, name), "a") as file:
        file.write(json.dumps(line) + "\n")


def store(event):
    global count
    uid = event.request.AffectedSOPInstanceUID
    with lock:
        stored[uid] = count
        count += 1
    write("stored.jsonl", uid)
    return 0x0000


def items(pairs, told, reasons=None):
    sequence = []
    for sop_class, sop_instance in pairs:
        item = Dataset()
        item.ReferencedSOPClassUID = told.get("Class", sop_class)
        item.ReferencedSOPInstanceUID = sop_instance
        if reasons is not None:
            item.FailureReason = reasons[str(stored[sop_instance])]
        sequence.append(item)
    return sequence


def report(told, to, transaction, pairs):
    aet, port = to
    reasons = told.get("Failures", {})
    confirmed = [pair for pair in pairs if stored[pair[1]] in told.get("Success", [])]
    failed = [pair for pair in pairs if str(stored[pair[1]]) in reasons]
    information = Dataset()
    information.TransactionUID = told.get("Transaction", transaction)
    information.ReferencedSOPSequence = items(confirmed, told)
    # Absent where all are confirmed (PS3.4 J.3.3.1.1).
    if failed:
        information.FailedSOPSequence = items(failed, told, reasons)
    ae = AE(ae_title=told.get("From", args.aet))
    ae.add_requested_context(StorageCommitmentPushModel)
    role = build_role(StorageCommitmentPushModel, scp_role=True)
    association = ae.associate("127.0.0.1", port, ae_title=aet, ext_neg=[role])
    status = None
    if association.is_established:
        answer, _ = association.send_n_event_report(
            information,
            2 if failed else 1,
            StorageCommitmentPushModel,
            StorageCommitmentPushModelInstance,
        )
        status = answer.Status if answer else None
        association.release()
    write("reports.jsonl", {"Transaction": information.TransactionUID, "Status": status})


def act(event):
    with open(os.path.join(args.folder, "plan.json")) as file:
        told = json.load(file)
    asked = event.action_information
    pairs = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in asked.ReferencedSOPSequence]
    write("requests.jsonl", {
        "Transaction": asked.TransactionUID,
        "Pairs": pairs,
        "Calling": event.assoc.requestor.ae_title,
        "Action": [event.request.RequestedSOPInstanceUID, event.action_type],
    })

    def all_reports():
        for one in told.get("Reports", []):
            report(one, told["To"], asked.TransactionUID, pairs)

    threading.Thread(target=all_reports).start()
    return told.get("Status", 0x0000), None


pynetdicom.debug_logger()
ae = AE(ae_title=args.aet)
ae.maximum_associations = 100
ae.add_supported_context(Verification)
ae.add_supported_context(StorageCommitmentPushModel)
handlers = [(evt.EVT_C_STORE, store), (evt.EVT_N_ACTION, act)]
ae.start_server(("127.0.0.1", args.port), evt_handlers=handlers)
