import type { ConfidenceInterval } from '@medbench/core';

/** The text with its first letter in upper case. */
export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const decimals = (value: number, small: number): string =>
  value.toFixed(Math.abs(value) < 10 ? small : Math.abs(value) < 1000 ? 1 : 0);

/** A figure: three decimals below 10, fewer above. */
export const formatValue = (value: number): string => decimals(value, 3);

/** `[0.85, 0.90]`: two decimals below 10, fewer above. */
export const formatInterval = ([low, high]: ConfidenceInterval): string =>
  `[${decimals(low, 2)}, ${decimals(high, 2)}]`;

/** A difference with its sign, three decimals: `+0.012`, `-0.010`, `0.000`; `—` if it is not finite. */
export function formatSigned(value: number): string {
  if (!Number.isFinite(value)) return '—';
  const text = formatValue(value);
  if (Number(text) === 0) return formatValue(0);
  return value > 0 ? `+${text}` : text;
}

/** The interval of a difference: `[-0.010, +0.034]`. */
export const formatSignedInterval = ([low, high]: ConfidenceInterval): string =>
  `[${formatSigned(low)}, ${formatSigned(high)}]`;

/** A p, with one digit more near the usual levels: `0.412`, `0.0312`, `< 0.001`. */
export function formatP(p: number): string {
  if (p < 0.001) return '< 0.001';
  return p.toFixed(p < 0.1 ? 4 : 3);
}

/** An average rank, `1.75`; `—` if null. */
export const formatRank = (rank: number | null): string => rank?.toFixed(2) ?? '—';

/** The printed part of a figure; `TableFigure` has all of it. */
export interface PrintedFigure {
  /** `pending`: it is to come. */
  readonly status: 'ok' | 'failed' | 'none' | 'pending';
  readonly value: number | null;
  /** 95 % interval over test examples. A report has it for one seed only; a leaderboard has the mean over the seeds. */
  readonly interval: ConfidenceInterval | null;
  /** Sample standard deviation over seeds (n - 1), for two seeds or more. */
  readonly sd: number | null;
}

/** The spread beside a figure: `± 0.012` over seeds, `[0.85, 0.90]` over examples, both, or empty if neither is known. */
export const formatSpread = ({ sd, interval }: PrintedFigure): string =>
  [sd === null ? '' : `± ${formatValue(sd)}`, interval ? formatInterval(interval) : ''].join(' ').trim();

const NO_VALUE = { ok: '—', none: '—', failed: '✗', pending: '…' } as const;

/** Text of a table cell without marks: `0.873 [0.85, 0.90]`, `—` not applicable, `✗` failed, `…` to come. */
export function formatFigure(figure: PrintedFigure): string {
  if (figure.value === null) return NO_VALUE[figure.status];
  return `${formatValue(figure.value)} ${formatSpread(figure)}`.trimEnd();
}

/** A whole number with thin spaces between thousands, which cannot be mistaken for decimal marks. */
export const formatCount = (value: number): string =>
  Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ' ');

/** A duration in seconds, minutes or hours: `41.2 s`, `12 min 5 s`, `3 h 20 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

/** An energy in watt hours: `3.4 Wh`, `1.2 kWh`. */
export function formatEnergy(joules: number): string {
  const hours = joules / 3600;
  return hours < 1000 ? `${Number(hours.toPrecision(2))} Wh` : `${Number((hours / 1000).toPrecision(2))} kWh`;
}

/** A size of memory: `410 MiB`, `1.2 GiB`. */
export const formatBytes = (bytes: number): string =>
  bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Footnote numbers as superscripts: `¹`, `²·³`. */
export const superscript = (numbers: readonly number[]): string =>
  numbers.map((number) => [...String(number)].map((digit) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(digit)]).join('')).join('·');

// Characters that move the cursor or reorder the line: C0, C1, line separators and bidirectional overrides.
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu;

/** Untrusted text on one line, without control characters, cut to `length` characters. */
export function oneLine(text: string, length = Number.POSITIVE_INFINITY): string {
  const characters = [...text.replaceAll(UNSAFE, ' ').replaceAll(/ {2,}/g, ' ').trim()];
  if (characters.length <= length) return characters.join('');
  return `${characters
    .slice(0, Math.max(1, length - 1))
    .join('')
    .trimEnd()}…`;
}

/**
 * Breaks a line between words at `width` characters and cuts longer words; `indent` applies from the second line on.
 */
export function wrapLines(text: string, width: number, indent = 0): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line.trim() === '' ? line + word : `${line} ${word}`;
    if (line.trim() === '' || [...longer].length <= width) line = longer;
    else {
      lines.push(line);
      line = ' '.repeat(indent) + word;
    }
  }
  return [...lines, line].map((each) => [...each].slice(0, Math.max(1, width)).join(''));
}

/** `1 method`, `3 methods`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
