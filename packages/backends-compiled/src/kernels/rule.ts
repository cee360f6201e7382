import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';
import type * as seam from '../seam.js';

export type Inputs = seam.Inputs<Value>;

/** What one TensorFlow.js kernel is in the graph: its ONNX nodes, whose shapes the builder works out. */
export type Rule = seam.Rule<Builder, Value>;

/** The kernels of one family, by TensorFlow.js name. */
export type RuleTable = seam.RuleTable<Builder, Value>;
