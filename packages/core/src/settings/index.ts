export {
  boolean,
  choice,
  defineSettings,
  integer,
  type MayBeAuto,
  number,
  numbers,
  type Setting,
  text,
} from './define.js';
export {
  type Configurable,
  checkSetting,
  methodSettings,
  parseSetting,
  resolveSettings,
  settingSpec,
  settingType,
} from './validate.js';
