import { toItemId } from './run-events.ts';
import { createTextFlow } from './text-flow.ts';

/** A piece of text as it is told to watchers. */
export interface ReplyPiece {
  delta: string;
  /** The message so far. */
  text: string;
  /** Names the message. */
  itemId: string;
  /** The reply so far, earlier messages included. */
  reply: string;
  /** True for what was left when the message was complete. */
  isRest: boolean;
}

/** The text of a run: one message or, when tools are called in between, several with a blank line between them. */
export interface Reply {
  /** As far as it has got, trimmed at the ends. */
  readonly text: string;
  /** Messages that were begun or completed. */
  readonly messages: number;
  /** Takes a delta. @returns what stands before it when it begins a further message. */
  add(delta: string): string;
  flush(): void;
  /** The message is complete; what follows belongs to the next. */
  closeMessage(): void;
}

const blankLine = '\n\n';

/** @param options.isPatient see {@link createTextFlow}. */
export function createReply(
  runId: string,
  emit: (piece: ReplyPiece) => void,
  options: { isPatient?: boolean | undefined } = {},
): Reply {
  let earlier = '';
  let messages = 0;
  let isRest = false;

  const openMessage = () => {
    const itemId = toItemId(runId, ++messages);
    const onPiece = (delta: string, text: string) => emit({ delta, text, itemId, reply: earlier + text, isRest });
    return createTextFlow(onPiece, options.isPatient);
  };
  let message = openMessage();
  const flush = () => {
    isRest = true;
    message.flush();
    isRest = false;
  };

  return {
    get messages() {
      return message.text === '' ? messages - 1 : messages;
    },
    get text() {
      return (earlier + message.text).trim();
    },
    add(delta) {
      const separator = message.text === '' && earlier !== '' && !earlier.endsWith(blankLine) ? blankLine : '';
      earlier += separator;
      message.push(delta);
      return separator;
    },
    flush,
    closeMessage() {
      flush();
      earlier += message.text;
      message = openMessage();
    },
  };
}
