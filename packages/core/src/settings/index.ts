export {
  type AllowsAuto,
  boolean,
  choice,
  defineSettings,
  integer,
  number,
  numbers,
  type SettingDeclaration,
  text,
} from './define.js';
export {
  type Configurable,
  checkSetting,
  firstRepeated,
  keyedSettings,
  methodSettings,
  parseSetting,
  resolveSettings,
  settingSpec,
  settingType,
} from './validate.js';
