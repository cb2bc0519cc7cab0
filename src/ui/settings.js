// A destination's settings in words: as one would tell a colleague.

import { h } from "./dom.js";
import { age, bytes, count } from "./words.js";

const plural = (number, word) => `${count(number)} ${word}${number === 1 ? "" : "s"}`;

/** Pairs of what it is about and how it is; what is switched off and would surprise nobody is left out. */
function lines(one) {
  const s = one.Settings;
  return [
    s.Target && ["Second name of", s.Target],
    ["Sent by", [one.TransportInUse === "Native" ? "the queue's own SCU" : "Orthanc's jobs", one.TransportReason && `: ${one.TransportReason}`]],
    ["At once", `${plural(s.Associations, "association")}, ${plural(s.BatchSize, "instance")} each${s.ReservedAssociations ? `; ${count(s.ReservedAssociations)} kept for High and Stat` : ""}`],
    ["Kept together", `each ${s.Level.toLowerCase()}${s.AssociationPer === "Group" ? ", in an association of its own" : ""}${s.Split === false ? ", over one association at a time" : ""}`],
    ["Waits for quiet", s.QuietSeconds ? `${age(s.QuietSeconds)} without a new instance${s.MaxQuietSeconds ? `, at most ${age(s.MaxQuietSeconds)}` : ""}` : "no, sent at once"],
    ["Sends", s.Windows.length ? s.Windows.join("; ") : "at all times"],
    s.MaxBytesPerSecond > 0 && ["At most", `${bytes(s.MaxBytesPerSecond)}/s`],
    ["Priority", s.Priority],
    ["Tries", `${plural(s.Retry.MaxAttempts, "attempt")}, ${age(s.Retry.Delay)} to ${age(s.Retry.MaxDelay)} apart${s.Retry.OnRejected ? ", also when it is refused" : ""}`],
    ["Expires", s.ExpireAfter ? `${age(s.ExpireAfter)} after arrival` : "never"],
    ["Transfer syntax", s.TransferSyntax || "as stored"],
    s.Compress && ["Compressed", Object.values(s.Compress).filter((value) => value !== null && typeof value !== "object").join(", ")],
    ["Calls itself", s.LocalAet === "$RemoteAet" ? "as the sender of the instance did" : s.LocalAet || "as Orthanc does"],
    s.Confirm && ["Confirms", `by ${s.Confirm.By.join(", then ")}; asked ${age(s.Confirm.Delay)} after a delivery, for ${age(s.Confirm.Timeout)}`],
    ["Timeout", s.Timeout ? age(s.Timeout) : "as Orthanc does"],
  ].filter(Boolean);
}

export function settings(one) {
  return h("details", { "data-key": "settings", class: "settings" },
    h("summary", {}, "Settings"),
    h("dl", { class: "facts" }, lines(one).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))));
}

/** What changes what is sent there, as the configuration has it. */
export function recipe({ Coerce, Deidentify, Recipe }) {
  if (!Recipe) return null;
  return h("details", { "data-key": "recipe", "data-recipe": Coerce || Deidentify },
    h("summary", {}, Coerce ? `Changed by ${Coerce}` : `De-identified by ${Deidentify}`),
    h("pre", { class: "text" }, JSON.stringify(Recipe, null, 2)));
}
