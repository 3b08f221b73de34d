/**
 * How a metric is put together over replicas, and over the processes of one.
 * `sum`: each process counts its own part. `max`, `min`: every process reports the same shared fact.
 */
export type Aggregation = 'sum' | 'max' | 'min';
