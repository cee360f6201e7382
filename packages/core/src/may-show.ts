import type { DataAccess } from './contracts/data.js';

/** Whether data is under an agreement or for credentialed readers: what is made of it stays where it is. */
export const isRestricted = (access: DataAccess | undefined): boolean =>
  access === 'agreement' || access === 'credentialed';

/**
 * Whether images and texts of a task may be in a report. Data under an agreement or credentials never are, whatever else
 * is said; generated data are; other data are where their info say that their licence lets them be shown.
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
