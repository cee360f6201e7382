/** Styles of a leaderboard after those of the report. */
export const BOARD_STYLE = `
#results td.rank { white-space: nowrap; }
td.pair small { white-space: nowrap; } td .pair-none { color: var(--muted); }
td .pair-better { color: var(--good); } td .pair-worse { color: var(--bad); }
header nav { flex: 1 0 100%; } header nav ul { margin: 0 0 .25rem; }
`;
