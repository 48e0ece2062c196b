/** The workflows of the product: the entry of the bundle. */
export { keeper } from './keeper.ts';
export { remediation } from './remediation.ts';
