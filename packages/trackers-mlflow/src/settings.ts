import { defineSettings, integer, type SettingsOf, text } from '@medbench/core';

/** Settings of the tracker. They are kept in the run folder, so that they hold no passwords. */
export const settings = defineSettings({
  server: text({
    default: '',
    description: 'Address of the MLflow server, such as http://127.0.0.1:5000. Empty: MLFLOW_TRACKING_URI.',
  }),
  experiment: text({
    default: '',
    description: 'Experiment that the runs belong to. Empty: MLFLOW_EXPERIMENT_NAME, else the name of the run folder.',
  }),
  timeout: integer({ default: 10, min: 1, max: 600, description: 'Seconds that an answer may take.' }),
});

/** Values of the settings. */
export type MlflowSettings = SettingsOf<typeof settings>;
