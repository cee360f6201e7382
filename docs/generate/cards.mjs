import { writeGenerated } from './files.mjs';
import { code, linked, prose, settingsTable, table } from './markdown.mjs';
import { list } from './medbench.mjs';

/** A heading with the id of a plugin as its anchor, and the parts below it that are not empty. */
const card = (level, id, ...parts) =>
  [`${'#'.repeat(level)} ${id} {#${id}}`, ...parts.filter((part) => part !== '')].join('\n\n');

const QUESTIONS = {
  baseline: 'the baseline',
  transfer: 'do general-domain weights transfer?',
  unimodal: 'does a unimodal loss help?',
  granularity: 'do fine-grained features help?',
};

function methodCards() {
  const methods = list('methods');
  const overview = table(
    ['method', 'title', 'question', 'of the study'],
    methods.map(({ id, title, question, extension }) => [
      `[${code(id)}](#${id})`,
      prose(title),
      QUESTIONS[question],
      extension ? 'no: an extension' : 'yes',
    ]),
  );
  const cards = methods.map(({ id, title, source, package: name, settings }) =>
    card(
      3,
      id,
      `${prose(title)}. Source: ${linked(source)}. Package: ${code(name)}.`,
      settingsTable(settings, `methodSettings.${id}`),
    ),
  );
  return [overview, ...cards].join('\n\n');
}

const objectiveCards = () =>
  list('objectives')
    .map(({ id, title, source, package: name, settings }) =>
      card(
        3,
        // A method and an objective may share an id.
        `objective-${id}`,
        `${prose(title)}. Source: ${linked(source)}. Package: ${code(name)}. In a sum: ${code(`sum:${id}=1`)}.`,
        settingsTable(settings, `sum:${id}=1:${id}.…`),
      ).replace(`### objective-${id} {`, `### ${id} {`),
    )
    .join('\n\n');

const encoderTable = () =>
  table(
    ['encoder', 'title', 'tower', 'input', 'blocks', 'width', 'embedding', 'parameters', 'source'],
    list('encoders').map((encoder) => [
      code(encoder.id),
      prose(encoder.title),
      encoder.modality,
      encoder.imageSize ? `${encoder.imageSize} px` : `${encoder.contextLength} tokens`,
      encoder.layers,
      encoder.width,
      encoder.embedDim,
      encoder.parameters.toLocaleString('en'),
      linked(encoder.source),
    ]),
  );

const protocolCards = () =>
  list('protocols')
    .map(({ id, title, kinds, primary, metrics, package: name }) =>
      card(
        3,
        id,
        `${prose(title.charAt(0).toUpperCase() + title.slice(1))}, for tasks of the kind ${kinds.join(', ')}. Primary metric: ${code(primary)}. Package: ${code(name)}.`,
        table(
          ['metric', 'meaning'],
          Object.entries(metrics).map(([metric, { description, lowerIsBetter }]) => [
            code(metric),
            `${prose(description)}${lowerIsBetter ? ' Lower is better.' : ''}`,
          ]),
        ),
      ),
    )
    .join('\n\n');

const controlTable = () =>
  table(
    ['control', 'what it is', 'protocols'],
    list('controls').map(({ id, source, protocols }) => [code(id), prose(source), (protocols ?? ['all']).join(', ')]),
  );

const launcherTable = () =>
  table(
    ['launcher', 'where units are carried out', 'settings'],
    list('launchers').map(({ id, title, settings }) => [
      code(id),
      prose(title),
      Object.entries(settings)
        .map(([name, { description }]) => `${code(`launcher.${id}.${name}`)}: ${prose(description)}`)
        .join(' '),
    ]),
  );

const trackerTable = () =>
  table(
    ['tracker', 'where a run appears', 'settings'],
    list('trackers').map(({ id, title, settings }) => [
      code(id),
      prose(title),
      Object.entries(settings)
        .map(([name, { description }]) => `${code(`tracker.${id}.${name}`)}: ${prose(description)}`)
        .join(' '),
    ]),
  );

const studyTable = () =>
  table(
    ['study', 'title', 'question'],
    list('studies').map(({ id, title, question }) => [code(id), prose(title), prose(question)]),
  );

/** Writes the cards of methods, objectives, encoders, protocols, controls, launchers, trackers and studies, from the info of the plugins. */
export function writeCards() {
  writeGenerated('generated/methods.md', methodCards());
  writeGenerated('generated/objectives.md', objectiveCards());
  writeGenerated('generated/encoders.md', encoderTable());
  writeGenerated('generated/protocols.md', protocolCards());
  writeGenerated('generated/controls.md', controlTable());
  writeGenerated('generated/launchers.md', launcherTable());
  writeGenerated('generated/trackers.md', trackerTable());
  writeGenerated('generated/studies.md', studyTable());
}
