/** The parts of a report that can be selected as its caption. */
export const REPORT_PARTS = ['findings-and-impression', 'findings', 'impression', 'report'] as const;
export type ReportPart = (typeof REPORT_PARTS)[number];

interface Section {
  readonly heading: string;
  readonly text: string;
}

/**
 * Extracts the caption of a MIMIC-CXR report: its findings and its impression, or its longest paragraph if it has
 * neither. The caption is one line; marks of removed text (`___`) are kept.
 * @param part Part to extract; `report` takes all sections without their headings.
 * @returns the caption, empty if the report has no usable text.
 */
export function captionOfReport(report: string, part: ReportPart = 'findings-and-impression'): string {
  const sections = splitSections(report);
  if (part === 'report') return joinSections(sections);
  const selected = sections.filter(
    ({ heading }) =>
      (part !== 'impression' && heading.includes('FINDING')) ||
      (part !== 'findings' && (heading.includes('IMPRESSION') || heading.includes('CONCLUSION'))),
  );
  const caption = joinSections(selected);
  return caption === '' ? longestParagraph(report) : caption;
}

/** The heading of a section: capitals at the start of a line, up to a colon. */
const HEADING = /^[ \t]*([A-Z][A-Z0-9 /,&()-]*[A-Z)]):/;

/** The sections in the report's order. Text before the first heading is a section with an empty heading. */
function splitSections(report: string): Section[] {
  const sections: { heading: string; lines: string[] }[] = [{ heading: '', lines: [] }];
  for (const line of report.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    if (heading) sections.push({ heading: heading[1]!, lines: [line.slice(heading[0].length)] });
    else if (!isTitle(line)) sections.at(-1)!.lines.push(line);
  }
  return sections.map(({ heading, lines }) => ({ heading, text: oneLine(lines.join('\n')) }));
}

/** Whether a line only names the document: `FINAL REPORT`, `WET READ`, `FINAL ADDENDUM`. */
const isTitle = (line: string): boolean => /^\s*(FINAL|PRELIMINARY|WET)\s+(REPORT|READ|ADDENDUM)\b.*$/.test(line);

function longestParagraph(report: string): string {
  const paragraphs = report
    .split(/\r?\n/)
    .map((line) => (isTitle(line) ? '' : line))
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) => oneLine(paragraph.replace(new RegExp(HEADING, 'gm'), '')));
  return paragraphs.reduce((longest, paragraph) => (paragraph.length > longest.length ? paragraph : longest), '');
}

const joinSections = (sections: readonly Section[]): string =>
  sections
    .map(({ text }) => text)
    .filter((text) => text !== '')
    .join(' ');

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
