import { describe, expect, it } from 'vitest';
import { captionOfReport } from './report.js';

/** A made-up report in the form of the data set's reports. */
const WHOLE = `                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)
 
 INDICATION:  ___F with new onset ascites  // eval for infection
 
 TECHNIQUE:  Chest PA and lateral
 
 COMPARISON:  None.
 
 FINDINGS: 
 
 There is no focal consolidation,
 pleural effusion or pneumothorax. Size: 3 cm.
 
 IMPRESSION: 
 
 No acute process, see ___.
`;

describe('captionOfReport', () => {
  it('joins findings and impression on one line', () => {
    expect(captionOfReport(WHOLE)).toBe(
      'There is no focal consolidation, pleural effusion or pneumothorax. Size: 3 cm. No acute process, see ___.',
    );
    expect(captionOfReport(WHOLE.replaceAll('\n', '\r\n'))).toBe(captionOfReport(WHOLE));
    expect(captionOfReport(WHOLE, 'impression')).toBe('No acute process, see ___.');
    expect(captionOfReport(WHOLE, 'findings')).toMatch(/^There is no .* 3 cm\.$/);
    expect(captionOfReport(WHOLE, 'report')).toMatch(/^CHEST \(PA AND LAT\) ___F with .* see ___\.$/);
  });

  it('finds sections under alternative headings', () => {
    expect(captionOfReport(' FINDINGS AND IMPRESSION:  Clear lungs.\n RECOMMENDATION(S):  None.')).toBe('Clear lungs.');
    expect(captionOfReport('CONCLUSION: Stable.')).toBe('Stable.');
    expect(captionOfReport(' WET READ: ___ ___ 9:00 AM\n IMPRESSION:  Stable.')).toBe('Stable.');
  });

  it.each([
    'CHEST, TWO VIEWS',
    'PA AND LATERAL VIEWS OF THE CHEST',
    'PORTABLE AP CHEST RADIOGRAPH',
    'CHEST PA AND LAT RADIOGRAPH',
    'FRONTAL AND LATERAL',
    'SINGLE AP VIEW OF THE CHEST',
    'FRONTAL SEMI-UPRIGHT PORTABLE',
    'TWO VIEWS OF THE RIBS',
    'BONE WINDOWS',
  ])('takes the text under the view %s as findings', (view) => {
    const report = ` FINAL REPORT\n INDICATION:  ___ year old man with a long history of cough.\n \n ${view}:  Lungs are clear.\n`;
    expect(captionOfReport(report)).toBe('Lungs are clear.');
    expect(captionOfReport(`${report} IMPRESSION:  Normal.`)).toBe('Lungs are clear. Normal.');
    expect(captionOfReport(`${report} IMPRESSION:  Normal.`, 'findings')).toBe('Lungs are clear.');
  });

  it('does not take the name of a view within another heading, or a title without text', () => {
    for (const heading of ['EXAMINATION OF THE CHEST', 'REASON FOR CHEST RADIOGRAPH', 'CHEST, COMPARISON', 'EXAM']) {
      expect(captionOfReport(` ${heading}:  PA and lateral.\n IMPRESSION:  Normal.`)).toBe('Normal.');
    }
    expect(captionOfReport(' CHEST, PA LATERAL:\n \n INDICATION:  Cough.\n \n FINDINGS:  Clear.')).toBe('Clear.');
  });

  it.each([
    'IMPRESSON',
    'IMPRRESSION',
    'IMORESSION',
    'IMPRESSOIN',
    'MPRESSION',
    'CONCLUSIONS',
    'FINDNGS',
    'FINIDNGS',
    'FINDING',
  ])('reads the heading %s in spite of its spelling', (heading) => {
    expect(captionOfReport(` INDICATION:  Long unimportant text.\n\n ${heading}:  Clear.`)).toBe('Clear.');
  });

  it('takes the last section of a kind that has text, and no findings of an earlier examination', () => {
    const repeated = ' FINDINGS:  First.\n FINDINGS:  Second.\n FINDINGS:\n IMPRESSION:  One.\n IMPRESSION:  Two.';
    expect(captionOfReport(repeated)).toBe('Second. Two.');
    for (const other of ['COMPARISON FINDINGS', 'REFERENCE FINDINGS', 'COMPARSION', 'IDICATION', 'TECHNIQE']) {
      expect(captionOfReport(` FINDINGS:  Clear.\n ${other}:  Old fracture.`)).toBe('Clear.');
    }
  });

  it('takes a joint section once', () => {
    for (const part of ['findings-and-impression', 'findings', 'impression'] as const) {
      expect(captionOfReport(' HISTORY:  Cough.\n FINDINGS/IMPRESSION:  Clear lungs.', part)).toBe('Clear lungs.');
    }
  });

  it.each([
    'EXAMINATION',
    'INDICATION',
    'HISTORY',
    'TECHNIQUE',
    'COMPARISON',
    'CLINICAL INFORMATION',
    'REASON FOR EXAM',
  ])('falls back to the paragraphs after that of the heading %s, never to its own', (heading) => {
    const long = '___ year old man with a long clinical history that is longer than every other paragraph by far.';
    const report = ` FINAL REPORT\n ${heading}:  ${long}\n \n AP chest compared\n to ___: no change.\n \n Short.`;
    expect(captionOfReport(report)).toBe('AP chest compared to ___: no change. Short.');
    expect(captionOfReport(`${report}\n RECOMMENDATION(S):  CT.`)).toBe('AP chest compared to ___: no change. Short.');
    expect(captionOfReport(` FINAL REPORT\n ${heading}:\n \n ${long}\n`)).toBe('');
    expect(captionOfReport(` FINAL REPORT\n ${heading}:  ${long}\n ${long}\n`)).toBe('');
  });

  it('takes a report without headings whole, and has no text where there is none', () => {
    expect(captionOfReport(' FINAL REPORT\n Single frontal view.\n \n No change.')).toBe(
      'Single frontal view. No change.',
    );
    expect(captionOfReport(' FINAL REPORT\n FINDINGS:\n\n IMPRESSION:\n')).toBe('');
    expect(captionOfReport(' INDICATION:  Cough.\n IMPRESSION:  Normal.', 'findings')).toBe('');
    expect(captionOfReport('')).toBe('');
  });
});
