import { defineSettings, integer, type SettingsOf, text } from '@medbench/core';

/** Settings of the launcher: what each job asks for, and how it calls medbench. */
export const settings = defineSettings({
  partition: text({ default: '', description: 'Partition, or several separated by commas. Empty: that of the site.' }),
  gres: text({ default: '', description: 'Devices of each job, such as gpu:1 or gpu:a100:1. Empty: none.' }),
  time: text({ default: '', description: 'Time limit of each job, such as 04:00:00. Empty: that of the partition.' }),
  signal: integer({
    default: 120,
    min: 0,
    max: 65535,
    description:
      'Seconds before the time limit at which a job writes a checkpoint and is queued again. medbench takes up to 25. ' +
      '0: never.',
  }),
  account: text({ default: '', description: 'Account that is charged. Empty: that of the user.' }),
  qos: text({ default: '', description: 'Quality of service. Empty: that of the site.' }),
  mem: text({ default: '', description: 'Memory of each job, such as 16G. Empty: that of the partition.' }),
  cpus: integer({ min: 1, description: 'Cores of each job. auto: as many as the run has threads.' }).orAuto(),
  extra: text({
    default: '',
    description: 'More options of sbatch, such as --constraint=a100 --exclude=n3. Each line is one #SBATCH line.',
  }),
  setup: text({
    default: '',
    description: 'Lines of the shell before the command, such as module load cuda; source env.sh.',
  }),
  medbench: text({
    default: '',
    description:
      'How a job calls medbench, in the words of the shell, such as npx medbench or apptainer exec --nv a.sif medbench. ' +
      'Empty: the program and the Node that submit the run, by their paths.',
  }),
});

/** Values of the settings. */
export type SlurmSettings = SettingsOf<typeof settings>;
