// How numbers, times and states read.

import { named } from "./uids.js";

/** A whole number, "12,345": by hand, for a browser needs longer to begin with `Intl` than to draw a table. */
export const count = (number) => String(number || 0).replace(/\B(?=(\d{3})+$)/g, ",");

/** "3 items", "1 item". */
export const items = (number) => `${count(number)} ${number === 1 ? "item" : "items"}`;

/** Bytes in the units of disks: 1 MB is a million. */
export function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = number || 0;
  let unit = 0;
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  // No line ends between a number and its unit.
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)}\u00a0${units[unit]}`;
}

export const rate = (number) => (number >= 100 || !number ? count(Math.round(number || 0)) : number.toFixed(1));

/** Seconds as people say them. */
export function age(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  const two = (large, unit, small, other) => (small ? `${large} ${unit} ${small} ${other}` : `${large} ${unit}`);
  if (whole < 86400) return two(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return two(Math.floor(whole / 86400), "d", Math.floor((whole % 86400) / 3600), "h");
}

/** Orthanc's time, 20261120T235959.123456 in UTC, as a Date. */
export function date(text) {
  const part = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(?:\.(\d{1,3}))?/.exec(text || "");
  if (!part) return null;
  const [, year, month, day, hour, minute, second, milli] = part;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second, (milli || "0").padEnd(3, "0")));
}

/** A Date in Orthanc's form of a time, in UTC. */
export const moment = (when) => when.toISOString().replace(/[-:]/g, "").replace("Z", "000");

const two = (number) => String(number).padStart(2, "0");

/** A time of the server in local time, with its seconds; the day only if it is not today. */
export function time(text) {
  const when = date(text);
  if (!when) return "";
  const clock = `${two(when.getHours())}:${two(when.getMinutes())}:${two(when.getSeconds())}`;
  const today = new Date().toDateString() === when.toDateString();
  return today ? clock : `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${clock}`;
}

/** Seconds as one number: "9 h". */
export const rough = (seconds) => age(seconds).split(/ (?=\d)/)[0];

export const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** A time, the server's or a Date, as people say it: "15:42" today, "Fri 02:00" within six days, else the date too. */
export function clock(text) {
  const when = text instanceof Date ? text : date(text);
  if (!when) return "";
  const hour = `${two(when.getHours())}:${two(when.getMinutes())}`;
  const days = Math.abs(when - Date.now()) / 86400000;
  if (new Date().toDateString() === when.toDateString()) return hour;
  return days < 6 ? `${DAYS[when.getDay()]} ${hour}` : `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())} ${hour}`;
}

/** "at 15:42", but "Fri 02:00". */
export const at = (text) => (/^\d\d:/.test(clock(text)) ? `at ${clock(text)}` : clock(text));

/** "attempt 3 of 10, next at 15:42", of an item that is to be tried again; `one`: its destination, if it is known. */
export function tries({ State, AttemptCount, NextAttempt }, one) {
  if (State !== "Retry" || AttemptCount === 0) return "";
  const most = one && one.Settings ? ` of ${count(one.Settings.Retry.MaxAttempts)}` : "";
  return [`attempt ${count(AttemptCount)}${most}`, NextAttempt && `next ${at(NextAttempt)}`].filter(Boolean).join(", ");
}

/** "Paused since 18:02"; without a time, the word alone. */
export const since = (word, text) => (text ? `${word} since ${clock(text)}` : word);

/**
 * The order of names, by hand too: upper case and lower case together. A browser loads its collation with the first
 * `localeCompare`, which takes longer than to draw the table.
 */
export function byName(one, other) {
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  if (a !== b) return a < b ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}

export const lower = (text) => text.charAt(0).toLowerCase() + text.slice(1);

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Sentences, each with its full stop: texts from elsewhere may lack theirs. */
export const sentences = (...parts) => parts.filter(Boolean).map((part) => (/[.!?]$/.test(part.trim()) ? part.trim() : `${part.trim()}.`)).join(" ");

/** What a peer or the system said, without the system's number of it, and with the names of what has a UID. */
export const plain = (text) => named((text || "").replace(/ \(os error \d+\)/g, ""));

/** "5 min ago" by this computer's clock, which may differ from the server's a little. */
export function ago(text) {
  const when = date(text);
  return when ? `${age((Date.now() - when.getTime()) / 1000)} ago` : "";
}

/** The third group of a name is how it sounds: shown where there is nothing else. */
const IDEOGRAPHIC = 1;
/** What makes a line read the other way round, also what follows the name: not of its letters. */
const TURNS = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const EAST_ASIAN = /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}]/u;

/**
 * "Meyer^Anna" as people write it: "Meyer, Anna". Of the groups of a name (PS3.5 6.2.1) the first one that says
 * something, and the ideographic one beside it: "Yamada, Tarou (山田 太郎)".
 */
export function person(name) {
  const groups = (name || "").replace(TURNS, "").split("=").map(written);
  const first = groups.find(Boolean) || "";
  const other = groups[IDEOGRAPHIC];
  return other && other !== first ? `${first} (${other})` : first;
}

/** One group of a name. East Asian names have no comma. */
function written(group) {
  const [family, given, middle] = group.split("^").map((part) => part.trim());
  const names = [family, [given, middle].filter(Boolean).join(" ")].filter(Boolean);
  return names.join(EAST_ASIAN.test(group) ? " " : ", ");
}

/** "20261126" as 2026-11-26. */
export const calendar = (text) => (/^\d{8}$/.test(text || "") ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text || "");

/** A DIMSE status in the form of the standard, A700. */
export const status = (number) =>
  number === null || number === undefined ? "" : number.toString(16).toUpperCase().padStart(4, "0");

/**
 * A status as a person writes it, as the server reads it: C000, 0xC000, or in decimal; four digits are hexadecimal.
 * Anything else stays as it is: the server refuses it, where "no status" would be a wider filter.
 */
export function statusNumber(text) {
  const hex = /^(?:0x([0-9a-f]{1,4})|([0-9a-f]{4}))$/i.exec(text);
  if (hex) return parseInt(hex[1] || hex[2], 16);
  return /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : text;
}

export const STATES = ["Scheduled", "Pending", "Running", "Retry", "Success", "Failure", "Cancelled"];
/** What a class means in a few words; behind them stands its own. */
export const CLASS_WORDS = {
  Success: "Delivered",
  Warning: "Stored, with a remark",
  Unreachable: "Could not be reached",
  Interrupted: "Broken off",
  Busy: "No room at the receiver",
  Rejected: "Refused",
  NotNegotiated: "Kind of object not taken",
  Missing: "No longer in Orthanc",
  Expired: "Waited too long",
  Internal: "The queue's own trouble",
  Coercion: "Could not be changed as configured",
};

/** "Refused · Rejected C000"; nothing without a class and a status. */
export function outcome(name, number) {
  const own = [name, status(number)].filter(Boolean).join(" ");
  return [CLASS_WORDS[name], own].filter(Boolean).join(" · ");
}

export const CLASSES = ["Success", "Warning", "Unreachable", "Interrupted", "Busy", "Rejected", "NotNegotiated", "Missing", "Expired", "Internal", "Coercion"];

/** What a confirmation means; those that are not asked have none. */
export const CONFIRMATION_WORDS = {
  Waiting: "to be confirmed",
  Confirmed: "confirmed",
  Refused: "not answered for",
  TimedOut: "not confirmed in time",
};

/** The states of what waits, as a filter takes them. */
export const WAITING = "Scheduled,Pending,Retry";

export const waiting = (counts) => counts.Scheduled + counts.Pending + counts.Retry;

/** What a state means, for those who do not know its word. */
export const STATE_WORDS = {
  Scheduled: "waits for the end of its quiet period or for its time",
  Pending: "ready to be sent",
  Running: "is being sent",
  Retry: "the last attempt failed, another one is due",
  Success: "acknowledged by the destination",
  Failure: "needs a person",
  Cancelled: "stopped by a person",
};
