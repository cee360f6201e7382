import type { Neighbours } from './nearest.js';

/**
 * How neighbours vote. `softmax`: each with exp(similarity / temperature), as in DINO (Caron et al. 2021), after Wu et
 * al. 2018. `majority`: each with 1.
 */
export type Vote = { readonly vote: 'softmax'; readonly temperature: number } | { readonly vote: 'majority' };

/** Logarithm of the share of a class without votes: that of the smallest number, so that it stays finite. */
const NO_VOTE = Math.log(Number.MIN_VALUE);

/**
 * Logarithms of each class's share of the votes of the k nearest neighbours, `[N, classes]`. `argMax` of equal shares
 * takes the lowest class, as scikit-learn's `KNeighborsClassifier` does.
 *
 * @param neighbours at least k for each query.
 * @param labels class of each known row.
 */
export function voteLogits(
  neighbours: Neighbours,
  labels: Int32Array,
  classes: number,
  { k, ...how }: { readonly k: number } & Vote,
): Float64Array {
  const queries = neighbours.indices.length / neighbours.k;
  const logits = new Float64Array(queries * classes).fill(NO_VOTE);
  const votes = new Float64Array(classes);
  for (let query = 0; query < queries; query++) {
    const first = query * neighbours.k;
    // The largest vote is 1, so that no temperature overflows.
    const nearest = neighbours.similarities[first]!;
    let total = 0;
    votes.fill(0);
    for (let i = first; i < first + k; i++) {
      const weight = how.vote === 'majority' ? 1 : Math.exp((neighbours.similarities[i]! - nearest) / how.temperature);
      votes[labels[neighbours.indices[i]!]!]! += weight;
      total += weight;
    }
    for (let c = 0; c < classes; c++) if (votes[c]! > 0) logits[query * classes + c] = Math.log(votes[c]! / total);
  }
  return logits;
}
