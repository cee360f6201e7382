import type * as trace from '@medbench/backend-trace';
import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/graph.js';

export type Inputs = trace.Inputs<Value>;

/** What one TensorFlow.js kernel is in the graph: its ONNX nodes, whose shapes the builder works out. */
export type Rule = trace.Rule<Builder, Value>;

/** The kernels of one family, by TensorFlow.js name. */
export type RuleTable = trace.RuleTable<Builder, Value>;
