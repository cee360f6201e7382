// Pairs of towers that the bench compares.
/** Number of tokens: CLIP's, or that of BERT's uncased vocabulary. */
export const vocabularySize = (name) => (['bert-base', 'biomedclip'].includes(name) ? 30522 : 49408);
/** Width of the joint space where it differs from 512. */
export const EMBED_DIM = { rn50: 1024, 'vit-l-14': 768, 'vit-b-16-siglip': 768 };

/** The image encoder of each pair. */
const IMAGE = {
  'vit-b-16': async () => (await import('@medbench/encoders-vit')).VitB16,
  'vit-b-32': async () => (await import('@medbench/encoders-vit')).VitB32,
  'vit-l-14': async () => (await import('@medbench/encoders-vit')).VitL14,
  'vit-b-16-timm': async () => (await import('@medbench/encoders-vit')).TimmVitB16,
  'vit-b-16-siglip': async () => (await import('@medbench/encoders-vit')).SiglipVitB16,
  rn50: async () => (await import('@medbench/encoders-resnet')).ResNet50,
  'convnext-tiny': async () => (await import('@medbench/encoders-convnext')).ConvNextTiny,
  'convnext-base': async () => (await import('@medbench/encoders-convnext')).ConvNextBase,
  'swin-tiny': async () => (await import('@medbench/encoders-swin')).SwinTiny,
  'swin-base': async () => (await import('@medbench/encoders-swin')).SwinBase,
  'bert-base': async () => (await import('@medbench/encoders-vit')).VitB32,
  biomedclip: async () => (await import('@medbench/encoders-vit')).TimmVitB16,
};
export const MODELS = Object.keys(IMAGE);
/** Models that Hugging Face's CLIPModel holds too. */
export const CLIP_MODELS = ['vit-b-16', 'vit-b-32', 'vit-l-14'];

export async function builders(name) {
  const load = IMAGE[name];
  if (!load) throw new Error(`no model ${name}; there are ${MODELS.join(', ')}`);
  const [{ Gpt77, Gpt77Wide }, { BertBase, BertBaseMlp }, Image] = await Promise.all([
    import('@medbench/encoders-gpt'),
    import('@medbench/encoders-bert'),
    load(),
  ]);
  const texts = { 'vit-l-14': Gpt77Wide, 'bert-base': BertBase, biomedclip: BertBaseMlp };
  return { text: new (texts[name] ?? Gpt77)(), image: new Image() };
}
