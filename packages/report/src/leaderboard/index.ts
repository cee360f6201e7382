export { assembleBoard, type Board } from './board.js';
export { boardData, type LeaderboardData, type LeaderboardFigure, type LeaderboardTest } from './data.js';
export type { Entry } from './entries.js';
export { type OpenSource, type RefusedSource, readSources, type Source } from './sources.js';
export { renderLeaderboardTable } from './terminal.js';
export { LEVEL, type Outcome, type PairTest, PairTests } from './tests.js';
export { type LeaderboardOptions, type WrittenLeaderboard, writeLeaderboard } from './write.js';
