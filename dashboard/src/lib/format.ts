/** Every number, time and sum on the pages is written here, so that they look alike and a second language is one change. */

const LOCALE = "en-GB";

const whole = new Intl.NumberFormat(LOCALE);
const dayAndTime = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });
const timeOnly = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" });
const dayOnly = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const dollars = new Intl.NumberFormat(LOCALE, { style: "currency", currency: "USD", currencyDisplay: "narrowSymbol" });
const decimals = [0, 1, 2, 3, 4].map(
  (digits) => new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);
const exactly = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 9 });
const percent = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });

/** Shown where there is no value. */
export const NONE = "–";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** 1,234 */
export function count(value: number): string {
  return whole.format(value);
}

/** 12 %, from a share of 0 to 1. */
export function share(value: number): string {
  return percent.format(value);
}

function fixed(value: number, digits: 0 | 1 | 2 | 3 | 4): string {
  return decimals[digits]!.format(value);
}

/** 985 ms, 1.23 s, 26.6 s, 5 min 15 s, 2 h 3 min. */
export function lasting(ms: number): string {
  const rounded = Math.round(ms);
  if (rounded < SECOND) return `${rounded} ms`;
  if (rounded < 10 * SECOND) return `${fixed(ms / SECOND, 2)} s`;
  if (rounded < MINUTE) return `${fixed(ms / SECOND, 1)} s`;
  if (rounded < HOUR) return `${Math.floor(rounded / MINUTE)} min ${Math.floor((rounded % MINUTE) / SECOND)} s`;
  return `${Math.floor(rounded / HOUR)} h ${Math.floor((rounded % HOUR) / MINUTE)} min`;
}

/** +569 ms, −1.20 s: a difference of two durations. */
export function difference(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${lasting(Math.abs(ms))}`;
}

/** 0:05.5, with as many digits of the second as are asked for; −0:01.17 before the answer. */
export function clock(ms: number, digits: 0 | 1 | 2 = 1): string {
  const unit = 10 ** (3 - digits);
  const rounded = Math.round(Math.abs(ms) / unit) * unit;
  const seconds = fixed((rounded % MINUTE) / SECOND, digits);
  const padded = seconds.length < (digits ? digits + 3 : 2) ? `0${seconds}` : seconds;
  const minutes = Math.floor(rounded / MINUTE);
  const front = minutes < 60 ? `${minutes}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}`;
  return `${ms < 0 && rounded > 0 ? "−" : ""}${front}:${padded}`;
}

/** 2.98 ¢, 0.0272 ¢, $12.40: a sum in cents, with more digits the smaller it is. */
export function money(cents: number): string {
  if (cents === 0) return "0 ¢";
  if (Math.abs(cents) >= 100) return dollars.format(cents / 100);
  return `${fixed(cents, Math.abs(cents) < 0.1 ? 4 : 2)} ¢`;
}

/** The same number of digits in a column: 0.031. A zero stays short, so that the eye skips it. */
export function moneyCell(cents: number): string {
  return cents === 0 ? "0" : fixed(cents, 3);
}

/** 2.495825 ¢ */
export function exactMoney(cents: number): string {
  return `${exactly.format(cents)} ¢`;
}

/** 29 Nov 2026, 00:11:00 */
export function moment(iso: string): string {
  return dayAndTime.format(new Date(iso));
}

/** 00:11:00 */
export function timeOfDay(iso: string): string {
  return timeOnly.format(new Date(iso));
}

/** 29 Nov */
export function day(iso: string): string {
  return dayOnly.format(new Date(iso));
}

/** +1 555 911 0607. What is no number of digits stays as it is. */
export function phone(number: string): string {
  // Codes of countries have one digit, two or three: two in most of them, one where they begin with 1 or 7.
  const parts = /^\+([17]|\d{2})(\d{4,})$/.exec(number);
  if (!parts) return number;
  const [, country, rest = ""] = parts;
  return `+${country} ${rest.replace(/(\d{3})(?=\d{3})/g, "$1 ")}`;
}
