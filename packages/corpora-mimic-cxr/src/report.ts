/** What of a report may be its caption. */
export const REPORT_PARTS = ['findings-and-impression', 'findings', 'impression', 'report'] as const;
export type ReportPart = (typeof REPORT_PARTS)[number];

interface Section {
  readonly head: string;
  readonly text: string;
}

/**
 * The caption of a MIMIC-CXR report: its findings and its impression, as far as it has them, else its longest paragraph;
 * on one line, the marks of what was removed (`___`) left in.
 * @param part `report` takes all sections without their heads.
 * @returns empty if there is nothing to say.
 */
export function captionOfReport(report: string, part: ReportPart = 'findings-and-impression'): string {
  const sections = sectionsOf(report);
  if (part === 'report') return joined(sections);
  const wanted = sections.filter(
    ({ head }) =>
      (part !== 'impression' && head.includes('FINDING')) ||
      (part !== 'findings' && (head.includes('IMPRESSION') || head.includes('CONCLUSION'))),
  );
  const caption = joined(wanted);
  return caption === '' ? longestParagraph(report) : caption;
}

/** A section's head: capitals at the start of a line, to a colon. */
const HEAD = /^[ \t]*([A-Z][A-Z0-9 /,&()-]*[A-Z)]):/;

/** The sections in the report's order; what comes before the first head has the head ''. */
function sectionsOf(report: string): Section[] {
  const sections: { head: string; lines: string[] }[] = [{ head: '', lines: [] }];
  for (const line of report.split(/\r?\n/)) {
    const head = HEAD.exec(line);
    if (head) sections.push({ head: head[1]!, lines: [line.slice(head[0].length)] });
    else if (!isTitle(line)) sections.at(-1)!.lines.push(line);
  }
  return sections.map(({ head, lines }) => ({ head, text: oneLine(lines.join('\n')) }));
}

/** `FINAL REPORT`, `WET READ`, `FINAL ADDENDUM`: a line that names the document. */
const isTitle = (line: string): boolean => /^\s*(FINAL|PRELIMINARY|WET)\s+(REPORT|READ|ADDENDUM)\b.*$/.test(line);

function longestParagraph(report: string): string {
  const paragraphs = report
    .split(/\r?\n/)
    .map((line) => (isTitle(line) ? '' : line))
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) => oneLine(paragraph.replace(new RegExp(HEAD, 'gm'), '')));
  return paragraphs.reduce((longest, one) => (one.length > longest.length ? one : longest), '');
}

const joined = (sections: readonly Section[]): string =>
  sections
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join(' ');

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
