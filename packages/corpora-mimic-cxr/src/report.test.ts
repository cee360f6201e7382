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

  it('falls back to the longest paragraph, without title and heading', () => {
    expect(
      captionOfReport(' FINAL REPORT\n HISTORY:  Cough.\n\n AP chest compared\n to ___: no change.\n \n Short.'),
    ).toBe('AP chest compared to ___: no change.');
    expect(captionOfReport(' FINAL REPORT\n FINDINGS:\n\n IMPRESSION:\n')).toBe('');
    expect(captionOfReport('')).toBe('');
  });
});
