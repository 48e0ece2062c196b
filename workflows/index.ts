/** The workflows of the product: the entry of the bundle. */
export { remediation } from './remediation.ts';
