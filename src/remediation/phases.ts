/** The phases a RemediationRequest can be in, and every way from one to the next. What is not a row here cannot be written. */

const BEFORE_EXECUTION = ['Pending', 'Processing', 'Analyzing', 'AwaitingApproval'] as const;
const UNVERIFIED = [...BEFORE_EXECUTION, 'Executing', 'Blocked'] as const;
const LIVE = [...UNVERIFIED, 'Verifying'] as const;
const ENDED = ['Completed', 'Failed', 'TimedOut', 'Cancelled', 'Skipped'] as const;

/** Every word of status.overallPhase, in the order of a remediation's life. */
export const ALL_PHASES = [...LIVE, ...ENDED] as const;
export type Phase = (typeof ALL_PHASES)[number];

/** Why a phase was left, as told by the audit trail in transition_reason. */
export type TransitionReason =
  | 'SignalProcessingCreated'
  | 'SignalProcessingCompleted'
  | 'ApprovalRequired'
  | 'WorkflowExecutionCreated'
  | 'ApprovalGranted'
  | 'WorkflowSucceeded'
  | 'Blocked'
  | 'Unblocked'
  | 'VerificationCompleted'
  | 'VerificationTimedOut'
  | 'NoActionRequired'
  | 'ManualReviewRequired'
  | 'DryRun'
  | 'InheritedCompleted'
  | 'InheritedFailed'
  | 'ChildFailed'
  | 'ApprovalRejected'
  | 'ApprovalExpired'
  | 'PhaseTimeout'
  | 'GlobalTimeout'
  | 'InvalidConfiguration'
  | 'OriginalDeleted'
  | 'Cancelled'
  | 'External'
  | 'Deleted';

/** One way from a phase to another: who may take it, where it leads, how the trail names it, and when it is taken. */
export interface Row {
  readonly from: readonly Phase[];
  readonly to: readonly Phase[];
  readonly reason?: TransitionReason;
  readonly when: string;
}

/** The transition table. `to: []` means that the object is gone afterwards. */
export const ROWS = {
  L01: { from: [], to: ['Pending'], when: 'the request is seen for the first time' },
  L03: { from: ['Pending'], to: ['Processing'], reason: 'SignalProcessingCreated', when: 'routing admits it' },
  L04: { from: ['Pending'], to: ['Blocked'], reason: 'Blocked', when: 'routing blocks it' },
  L05: {
    from: ['Processing'],
    to: ['Analyzing'],
    reason: 'SignalProcessingCompleted',
    when: 'signal processing ends well',
  },
  L06: { from: ['Processing'], to: ['Failed'], reason: 'ChildFailed', when: 'signal processing fails' },
  L07: { from: ['Processing'], to: ['TimedOut'], reason: 'PhaseTimeout', when: 'the processing deadline passes' },
  L08: { from: ['Analyzing'], to: ['Completed'], reason: 'NoActionRequired', when: 'the analysis finds nothing to do' },
  L09: {
    from: ['Analyzing'],
    to: ['Completed'],
    reason: 'ManualReviewRequired',
    when: 'a person is needed and no workflow is chosen',
  },
  L10: { from: ['Analyzing'], to: ['Completed'], reason: 'DryRun', when: 'dry run is on' },
  L11: {
    from: ['Analyzing'],
    to: ['AwaitingApproval'],
    reason: 'ApprovalRequired',
    when: 'the chosen workflow needs an approval',
  },
  L12: {
    from: ['Analyzing'],
    to: ['Executing'],
    reason: 'WorkflowExecutionCreated',
    when: 'the chosen workflow may run',
  },
  L13: { from: ['Analyzing'], to: ['Blocked'], reason: 'Blocked', when: 'routing blocks it' },
  L14: { from: ['Analyzing'], to: ['Failed'], reason: 'ChildFailed', when: 'the analysis fails' },
  L15: { from: ['Analyzing'], to: ['Failed'], reason: 'ChildFailed', when: 'the analysis names no target' },
  L16: { from: ['Analyzing'], to: ['Failed'], reason: 'ChildFailed', when: 'the state of the target cannot be hashed' },
  L17: { from: ['Analyzing'], to: ['Failed'], reason: 'ChildFailed', when: 'the chosen workflow is unusable' },
  L18: { from: ['Analyzing'], to: ['TimedOut'], reason: 'PhaseTimeout', when: 'the analyzing deadline passes' },
  L19: { from: ['AwaitingApproval'], to: ['Executing'], reason: 'ApprovalGranted', when: 'a person approves' },
  L20: {
    from: ['AwaitingApproval'],
    to: ['Blocked'],
    reason: 'Blocked',
    when: 'a person approves while the target is busy',
  },
  L21: { from: ['AwaitingApproval'], to: ['Failed'], reason: 'ApprovalRejected', when: 'a person rejects' },
  L22: { from: ['AwaitingApproval'], to: ['Failed'], reason: 'ApprovalExpired', when: 'nobody decides in time' },
  L23: { from: ['AwaitingApproval'], to: ['Failed'], reason: 'ChildFailed', when: 'the approved workflow is unusable' },
  L24: { from: ['Executing'], to: ['Verifying'], reason: 'WorkflowSucceeded', when: 'the execution ends well' },
  L25: { from: ['Executing'], to: ['Failed'], reason: 'ChildFailed', when: 'the execution fails' },
  L26: { from: ['Executing'], to: ['Failed'], reason: 'ChildFailed', when: 'the execution is gone' },
  L27: {
    from: ['Executing'],
    to: ['Completed'],
    reason: 'InheritedCompleted',
    when: 'the execution it was a duplicate of ends well',
  },
  L28: {
    from: ['Executing'],
    to: ['Failed'],
    reason: 'InheritedFailed',
    when: 'the execution it was a duplicate of fails or is gone',
  },
  L29: { from: ['Executing'], to: ['TimedOut'], reason: 'PhaseTimeout', when: 'the executing deadline passes' },
  L30: {
    from: ['Verifying'],
    to: ['Completed'],
    reason: 'VerificationCompleted',
    when: 'the assessment finds it remediated',
  },
  L31: {
    from: ['Verifying'],
    to: ['Completed'],
    reason: 'VerificationCompleted',
    when: 'the assessment finds the alert still there',
  },
  L32: {
    from: ['Verifying'],
    to: ['Completed'],
    reason: 'VerificationTimedOut',
    when: 'the verification deadline passes',
  },
  L34: { from: ['Blocked'], to: ['Pending'], reason: 'Unblocked', when: 'a block from before the analysis ends' },
  L35: { from: ['Blocked'], to: ['Analyzing'], reason: 'Unblocked', when: 'a block from after the analysis ends' },
  L36: {
    from: ['Blocked'],
    to: ['Failed'],
    reason: 'ChildFailed',
    when: 'the cooldown after repeated failures is served',
  },
  L37: { from: ['Blocked'], to: ['Completed'], reason: 'InheritedCompleted', when: 'the original completes' },
  L38: { from: ['Blocked'], to: ['Failed'], reason: 'InheritedFailed', when: 'the original fails or is gone' },
  L39: { from: ['Blocked'], to: ['Blocked'], reason: 'Blocked', when: 'it is blocked again, otherwise' },
  L40: { from: UNVERIFIED, to: ['TimedOut'], reason: 'GlobalTimeout', when: 'the global deadline passes' },
  L41: { from: LIVE, to: ['Cancelled'], reason: 'Cancelled', when: 'somebody cancels' },
  L42: {
    from: UNVERIFIED,
    to: ['Failed'],
    reason: 'InvalidConfiguration',
    when: 'its limits, its target or a child are invalid',
  },
  L43: {
    from: LIVE,
    to: ['Completed', 'Failed', 'TimedOut', 'Skipped'],
    reason: 'External',
    when: 'somebody else ended it',
  },
  L44: { from: LIVE, to: ['Blocked'], reason: 'External', when: 'somebody else blocked it' },
  L45: { from: ENDED, to: [], when: 'its retention is over' },
  L46: { from: LIVE, to: ['Cancelled'], reason: 'Deleted', when: 'the object is deleted' },
} as const satisfies Record<string, Row>;

type Rows = typeof ROWS;
export type RowId = keyof Rows;

/** The rows that lead out of phase P. */
export type RowFrom<P extends Phase> = { [R in RowId]: P extends Rows[R]['from'][number] ? R : never }[RowId];

/** The phases that may follow P. */
export type Next<P extends Phase> = Rows[RowFrom<P>]['to'][number];

/** The phase or phases that row R leads to. */
export type PhaseAfter<R extends RowId> = Rows[R]['to'][number];

/** A phase that some row leaves for another phase. */
export type LivePhase = { [P in Phase]: [Next<P>] extends [never] ? never : P }[Phase];
/** A phase that nothing leaves: the end. */
export type TerminalPhase = Exclude<Phase, LivePhase>;

const left = new Set<Phase>(Object.values<Row>(ROWS).flatMap((row) => (row.to.length > 0 ? row.from : [])));

/** Whether nothing leaves this phase. The only such predicate there is. */
export const isTerminal = (phase: Phase): phase is TerminalPhase => !left.has(phase);

/** Whether the word is a phase at all; the status may hold anything that others wrote. */
export const isPhase = (word: string | undefined): word is Phase => ALL_PHASES.some((phase) => phase === word);
