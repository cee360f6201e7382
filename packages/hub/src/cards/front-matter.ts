import { dump } from 'js-yaml';

/** The metadata of a card and its text, as `README.md` of a repository on the hub. */
export const withFrontMatter = (metadata: object, text: string): string =>
  `---\n${dump(metadata, { lineWidth: -1, noRefs: true })}---\n\n${text}`;

/** Licence of what is pushed, in the hub's terms: the id of a known one, or what the text of the card says. */
export const licenceFields = (licence: string | undefined): Readonly<Record<string, string>> =>
  licence === undefined ? { license: 'other', license_name: 'see-the-data-below' } : { license: licence };
