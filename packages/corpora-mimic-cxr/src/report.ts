/** The parts of a report that can be selected as its caption. */
export const REPORT_PARTS = ['findings-and-impression', 'findings', 'impression', 'report'] as const;
export type ReportPart = (typeof REPORT_PARTS)[number];

/**
 * What a section holds: `both` is a joint section of findings and impression, `notice` says who was told what. All that
 * is no result of the examination, such as its reason, is `other`.
 */
type SectionKind = 'findings' | 'impression' | 'both' | 'notice' | 'other';

interface Section {
  readonly kind: SectionKind;
  /** Lines without the heading. */
  readonly lines: readonly string[];
}

/**
 * Extracts the caption of a MIMIC-CXR report: its findings and its impression, as the data set's authors find them
 * (MIT-LCP/mimic-cxr, `txt/section_parser.py` and `create_section_files.py`). The text under the name of a view, such as
 * `CHEST, TWO VIEWS:`, is findings. Of several sections of a kind, the last with text counts. A report without either has
 * its last paragraphs: those after the first of its last section, because the first belongs to the heading, which may be
 * the indication, the history, the technique or the comparison. The caption is one line; marks of removed text (`___`)
 * are kept.
 * @param part Part to extract; `report` takes all sections without their headings.
 * @returns the caption, empty if the report has no usable text.
 */
export function captionOfReport(report: string, part: ReportPart = 'findings-and-impression'): string {
  const sections = splitSections(report);
  if (part === 'report') return oneLine(sections.flatMap(({ lines }) => lines).join('\n'));
  const findings = lastWithText(sections, ['findings', 'both']);
  const impression = lastWithText(sections, ['impression', 'both']);
  if (!findings && !impression) return lastParagraphs(sections);
  const wanted = new Set<Section | undefined>();
  if (part !== 'impression') wanted.add(findings);
  if (part !== 'findings') wanted.add(impression);
  const inOrder = sections.filter((section) => wanted.has(section));
  return oneLine(inOrder.flatMap(({ lines }) => lines).join('\n'));
}

/** The heading of a section: capitals at the start of a line, up to a colon. */
const HEADING = /^[ \t]*([A-Z][A-Z0-9 /,&()-]*[A-Z)]):/;

/** The sections in the report's order. The first holds the text before the first heading. */
function splitSections(report: string): Section[] {
  const sections: { kind: SectionKind; lines: string[] }[] = [{ kind: 'other', lines: [] }];
  for (const line of report.split(/\r?\n/)) {
    const heading = HEADING.exec(line);
    if (heading) sections.push({ kind: sectionKind(heading[1]!), lines: [line.slice(heading[0].length)] });
    else if (!isTitle(line)) sections.at(-1)!.lines.push(line);
  }
  return sections;
}

/** Whether a line only names the document: `FINAL REPORT`, `WET READ`, `FINAL ADDENDUM`. */
const isTitle = (line: string): boolean => /^\s*(FINAL|PRELIMINARY|WET)\s+(REPORT|READ|ADDENDUM)\b.*$/.test(line);

/** Words of headings whose text is about another examination, or about the time before this one. */
const NOT_RESULTS = [
  ...['INDICATION', 'INDICATIONS', 'REASON', 'HISTORY', 'INFORMATION', 'TECHNIQUE', 'PROCEDURE'],
  ...['COMPARISON', 'COMPARISONS', 'COMPARISION', 'REFERENCE', 'DATE'],
];
const NOTICES = ['NOTIFICATION', 'RECOMMENDATION', 'RECOMMENDATIONS', 'COMMUNICATION'];
/** Words that name a view, a place or a way of imaging: the heading is the title of the description below it. */
const VIEWS = /\b(CHEST|PORTABLE|RIBS?|VIEWS?|FRONTAL|LATERAL|BONE WINDOWS?|(PA|AP) AND LAT)\b/;

function sectionKind(heading: string): SectionKind {
  const words = heading.split(/[^A-Z0-9]+/);
  const has = (terms: readonly string[]): boolean => words.some((word) => terms.some((term) => reads(word, term)));
  const findings = has(['FINDINGS', 'FINDING']);
  const impression = has(['IMPRESSION', 'IMPRESSIONS', 'CONCLUSION', 'CONCLUSIONS']);
  if (has(NOT_RESULTS)) return 'other';
  if (findings && impression) return 'both';
  if (findings) return 'findings';
  if (impression) return 'impression';
  if (has(NOTICES)) return 'notice';
  return VIEWS.test(heading) && !/^(TYPE OF )?(EXAM|EXAMINATION|STUDY)\b/.test(heading) ? 'findings' : 'other';
}

/**
 * Whether a word is a term, or a long term with one letter missing, added, wrong, or swapped with the next: reports have
 * `IMPRESSON`, `IMPRESSOIN` and `FINDNGS`.
 */
function reads(word: string, term: string): boolean {
  if (word === term) return true;
  if (term.length < 7 || Math.abs(word.length - term.length) > 1) return false;
  let start = 0;
  while (start < word.length && word[start] === term[start]) start++;
  const [a, b] = [word.slice(start), term.slice(start)];
  const swapped = a.length >= 2 && a[0] === b[1] && a[1] === b[0] && a.slice(2) === b.slice(2);
  return swapped || a.slice(1) === b.slice(1) || a.slice(1) === b || a === b.slice(1);
}

const hasText = ({ lines }: Section): boolean => lines.some((line) => line.trim() !== '');

const lastWithText = (sections: readonly Section[], kinds: readonly SectionKind[]): Section | undefined =>
  sections.filter((section) => kinds.includes(section.kind) && hasText(section)).at(-1);

/**
 * The paragraphs of the last section after its first. Text before all headings has no heading to belong to, so it is taken
 * whole. A notice, such as a recommendation, is passed over.
 */
function lastParagraphs(sections: readonly Section[]): string {
  const last = sections.filter(({ kind }) => kind !== 'notice').at(-1)!;
  const { kind, lines } = last;
  if (last === sections[0]) return oneLine(lines.join('\n'));
  const firstLine = lines.findIndex((line) => line.trim() !== '');
  const end = lines.findIndex((line, i) => i > firstLine && line.trim() === '');
  return kind !== 'other' || firstLine < 0 || end < 0 ? '' : oneLine(lines.slice(end).join('\n'));
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
