// Pairs of towers that the bench compares.
export const VOCABULARY = 49408;
/** Width of the joint space where it differs from 512. */
export const EMBED_DIM = { rn50: 1024 };

export async function builders(name) {
  const { Gpt77 } = await import('@medbench/encoders-gpt');
  const text = new Gpt77();
  const { VitB16, VitB32 } = await import('@medbench/encoders-vit');
  if (name === 'vit-b-16') return { text, image: new VitB16() };
  if (name === 'vit-b-32') return { text, image: new VitB32() };
  if (name === 'rn50') {
    const { ResNet50 } = await import('@medbench/encoders-resnet');
    return { text, image: new ResNet50() };
  }
  throw new Error(`no model ${name}`);
}
