import type { DataAccess } from './contracts/data.js';

/** Whether data is under an agreement or for credentialed readers only, so that nothing made of it may be published. */
export const isRestricted = (access: DataAccess | undefined): boolean =>
  access === 'agreement' || access === 'credentialed';

/**
 * Whether a report may show images and texts of a task. Data under an agreement or credentials is never shown.
 * Generated data is shown unless its info says `withheld`. Other data is shown only if its info says `shown`.
 */
export const mayShow = ({
  access,
  images,
}: {
  readonly access: DataAccess;
  readonly images?: 'shown' | 'withheld' | undefined;
}): boolean => {
  if (isRestricted(access)) return false;
  return (images ?? (access === 'generated' ? 'shown' : 'withheld')) === 'shown';
};
