import { setCurrentDetails, type WorkflowInterceptors } from '@temporalio/workflow';

let render = (): string => '';

/** What an operator reads of this workflow in the Temporal UI: rendered when the UI asks for it. */
export function showDetails(details: () => string): void {
  render = details;
}

/**
 * The bundle's interceptors. The UI asks for the details with a query, which has an activation of its
 * own. No other activation renders them: a replayed history costs no rendering.
 */
export function interceptors(): WorkflowInterceptors {
  return {
    internals: [
      {
        activate(input, next) {
          if (input.activation.jobs?.some(({ queryWorkflow }) => queryWorkflow)) {
            setCurrentDetails(render());
          }
          next(input);
        },
      },
    ],
  };
}
