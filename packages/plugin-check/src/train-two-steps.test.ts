import { Encoder, Method, Objective, type ObjectiveInput, use } from '@medbench/core';
import { GptDemo } from '@medbench/encoders-gpt/plugin';
import { ResNetDemo } from '@medbench/encoders-resnet/plugin';
import { vitModel } from '@medbench/encoders-vit';
import { ClipObjective, NtXentViews } from '@medbench/objectives/plugin';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { trainTwoSteps } from './index.js';

/** Sees the images only, and multiplies them by a gain. */
@Objective({ id: 'images-only', title: 'Images only', source: 'test' })
class ImagesOnly implements Objective {
  parameters() {
    return [{ name: 'gain', shape: [], init: { kind: 'constant', value: 2 } }] as const;
  }
  loss({ representations: { image }, parameters: { gain } }: ObjectiveInput) {
    return { loss: tf.mul(tf.sum(tf.square(image)), gain!) as tf.Scalar };
  }
}

@Method({ id: 'summed', title: 'Summed', question: 'unimodal', source: 'test' })
class Summed implements Method {
  readonly start = 'scratch';
  objectives() {
    return [use('clip'), use('nt-xent-views')];
  }
}

@Method({ id: 'infinite', title: 'Infinite', question: 'baseline', source: 'test' })
class Infinite implements Method {
  readonly start = 'scratch';
  objective({ representations: { image, text } }: ObjectiveInput) {
    return { loss: tf.sum(tf.div(tf.add(image, text), 0)) as tf.Scalar, terms: {} };
  }
}

const sizes = { id: 'idle-vit', imageSize: 16, patchSize: 4, width: 64, layers: 1 };
/** Has a parameter that nothing reads. */
@Encoder({
  ...{ id: 'idle-vit', title: 'Idle', modality: 'image', source: 'test', layers: 1, width: 64, embedDim: 64 },
  ...{ imageSize: 16, parameters: 1, stages: { embedding: 1, blocks: [1], head: 0 } },
})
class IdleVit {
  build({ embedDim }: { readonly embedDim: number }) {
    const model = vitModel({ ...sizes, embedDim });
    const idle = { name: 'idle', shape: [3], init: { kind: 'constant', value: 1 } } as const;
    return { ...model, parameters: [...model.parameters, idle] };
  }
}

describe('trainTwoSteps', () => {
  it('names the parameters that the loss does not depend on', async () => {
    const { losses, trained, withoutGradient } = await trainTwoSteps(new ImagesOnly());
    expect(losses[0]).toBeGreaterThan(0);
    expect(trained).toContain('images-only/gain');
    expect(withoutGradient).toContain('logit_scale');
    expect(withoutGradient).toContain('token_embedding.weight');
    expect(withoutGradient.filter((name) => name.startsWith('visual.') || name.includes('gain'))).toEqual([]);
    // All of the text tower and the logit scale, and nothing else.
    expect(withoutGradient).toEqual(trained.filter((name) => !/^visual\.|gain$/.test(name)));
  });

  it('trains a sum of the given objectives', async () => {
    const { losses, withoutGradient } = await trainTwoSteps(new Summed(), {
      objectives: [new ClipObjective(), new NtXentViews()],
    });
    expect(losses[0]).toBeGreaterThan(0);
    expect(withoutGradient).toEqual([]);
    await expect(trainTwoSteps(new Summed())).rejects.toThrow('clip');
  });

  it('refuses a loss that is not finite', async () => {
    await expect(trainTwoSteps(new Infinite())).rejects.toThrow('(method "infinite"): the loss is');
  });

  it.each([new ResNetDemo(), new GptDemo()])('finds a gradient for each parameter of %o', async (encoder) => {
    const { trained, withoutGradient } = await trainTwoSteps(encoder);
    expect(trained.length).toBeGreaterThan(20);
    expect(withoutGradient).toEqual([]);
  });

  it('names an idle parameter of an encoder', async () => {
    expect((await trainTwoSteps(new IdleVit())).withoutGradient).toEqual(['visual.idle']);
  });

  it('refuses an object of another class', async () => {
    await expect(trainTwoSteps({ start: 'scratch' })).rejects.toMatchObject({ code: 'usage' });
  });
});
