import {
  type DualEncoderModel,
  type ImageEncoderModel,
  MedbenchError,
  type ParameterSpec,
  type TextEncoderModel,
  type TowerStage,
} from '@medbench/core';
import { attentionalPooler, dualEncoder, layerNorm, normal, once, ones, poolerParameters, zeros } from '@medbench/nn';
import * as tf from '@tensorflow/tfjs-core';

/** Width of an attention head, as in the towers. */
const HEAD = 64;
const POOLER = 'attn_pool.';
const NORM = 'pool_ln.';
const PROJECTION = 'pool_proj';
const CLASS = 'cls_emb';
/** Parameters of a vision transformer that the pooler replaces. */
const REPLACED: ReadonlySet<string> = new Set(['ln_post.weight', 'ln_post.bias', 'proj']);

/** A tower's stages without these parameters and with others at their end. */
const changeStages = (
  stages: readonly TowerStage[],
  without: ReadonlySet<string>,
  kind: TowerStage['kind'],
  added: readonly ParameterSpec[],
): TowerStage[] =>
  stages.map((stage) => ({
    ...stage,
    parameters: [
      ...stage.parameters.filter((name) => !without.has(name)),
      ...(stage.kind === kind ? added.map(({ name }) => name) : []),
    ],
  }));

/**
 * A vision transformer whose end is an attentional pooler: queries attend to all tokens, and are normalised. Query 0 is
 * the pooled feature, which a projection takes to the joint space. The others are the tower's tokens.
 * @throws MedbenchError('config') if the tower is no vision transformer.
 */
function pooledTower(
  base: ImageEncoderModel,
  { queries, width }: { queries: number; width: number },
): ImageEncoderModel {
  const kept = base.parameters.filter(({ name }) => !REPLACED.has(name));
  if (kept.length !== base.parameters.length - REPLACED.size) {
    throw new MedbenchError(
      'config',
      `coca:variant=study pools the tokens of one of CLIP's vision transformers, which ${base.id} is not`,
      {
        hint: 'Choose one with encoders.image, such as vit-b-16, or coca:variant=medbench.',
      },
    );
  }
  const added: ParameterSpec[] = [
    ...poolerParameters(POOLER, { queries, width, contextWidth: base.width }),
    { name: `${NORM}weight`, shape: [width], init: ones },
    { name: `${NORM}bias`, shape: [width], init: zeros },
    { name: PROJECTION, shape: [width, base.embedDim], init: normal(width ** -0.5) },
  ];
  return {
    ...base,
    width,
    parameters: [...kept, ...added],
    stages: changeStages(base.stages, REPLACED, 'head', added),
    forward(parameters, images, options) {
      const output = base.forward(parameters, images, options);
      const batch = images.shape[0];
      const pooledTokens = once(() =>
        layerNorm(
          attentionalPooler(parameters, POOLER, output.hidden!, Math.max(1, width / HEAD)),
          parameters[`${NORM}weight`]!,
          parameters[`${NORM}bias`]!,
        ),
      );
      const pooled = once<tf.Tensor2D>(() =>
        tf.reshape(tf.slice(pooledTokens(), [0, 0, 0], [batch, 1, width]), [batch, width]),
      );
      const tokens = once(() => tf.slice(pooledTokens(), [0, 1, 0], [batch, queries - 1, width]));
      const embedding = once<tf.Tensor2D>(() => tf.matMul(pooled(), parameters[PROJECTION] as tf.Tensor2D));
      return {
        get tokens() {
          return tokens();
        },
        get pooled() {
          return pooled();
        },
        get embedding() {
          return embedding();
        },
      };
    },
  };
}

/**
 * A text tower with a learned class embedding in the last position, whose output is pooled. `hidden` throws
 * MedbenchError('config') if the tower knows no such token.
 */
function towerWithClass(base: TextEncoderModel): TextEncoderModel {
  const added: ParameterSpec = { name: CLASS, shape: [base.width], init: normal(0.01) };
  return {
    ...base,
    parameters: [...base.parameters, added],
    stages: changeStages(base.stages, new Set(), 'embedding', [added]),
    forward(parameters, ids, options) {
      const output = base.forward(parameters, ids, { ...options, appended: parameters[CLASS] as tf.Tensor1D });
      const before = ids.shape[1] - 1;
      return {
        get tokens() {
          return output.tokens;
        },
        get hidden() {
          if (output.hidden?.shape[1] === before) return output.hidden;
          throw new MedbenchError('config', `coca:variant=study appends a token to the text, which ${base.id} cannot`, {
            hint: 'Choose a text transformer of medbench with encoders.text.',
          });
        },
        // Of the ids alone, as `tokens`. Absent in a tower without it, as the contract says, whatever the type of a getter.
        get tokenEmbeddings() {
          return output.tokenEmbeddings as tf.Tensor3D;
        },
        get pooled() {
          return output.pooled;
        },
        get embedding() {
          return output.embedding;
        },
      };
    },
  };
}

/**
 * The towers of the study's CoCa (arXiv:2406.07450, from its code): 256 queries pool the image, a class embedding the
 * text. Pooler, its norm, its projection and the class embedding are new parameters.
 * @param queries number of queries, the first for the contrast and the others for the decoder; at least 2.
 * @throws MedbenchError('config') for another image tower than a vision transformer, or fewer queries.
 */
export function pooledTowers({ image, text }: DualEncoderModel, queries: number): DualEncoderModel {
  if (queries < 2) {
    throw new MedbenchError('config', `coca:variant=study needs at least 2 queries, not ${queries}`, {
      hint: 'The first query is contrasted with the text; the decoder reads the others.',
    });
  }
  return dualEncoder(pooledTower(image, { queries, width: text.width }), towerWithClass(text));
}
