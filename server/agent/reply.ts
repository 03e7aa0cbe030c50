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
}

/** The text of a run: one message or, when tools are called in between, several with a blank line between them. */
export interface Reply {
  /** As far as it has got, trimmed at the ends. */
  readonly text: string;
  /** Takes a delta. @returns what stands before it when it begins a further message. */
  add(delta: string): string;
  flush(): void;
  /** The message is complete; what follows belongs to the next. */
  closeMessage(): void;
}

const blankLine = '\n\n';

export function createReply(runId: string, emit: (piece: ReplyPiece) => void): Reply {
  let earlier = '';
  let messages = 0;

  const openMessage = () => {
    const itemId = toItemId(runId, ++messages);
    return createTextFlow((delta, text) => emit({ delta, text, itemId, reply: earlier + text }));
  };
  let message = openMessage();

  return {
    get text() {
      return (earlier + message.text).trim();
    },
    add(delta) {
      const separator = message.text === '' && earlier !== '' && !earlier.endsWith(blankLine) ? blankLine : '';
      earlier += separator;
      message.push(delta);
      return separator;
    },
    flush: () => message.flush(),
    closeMessage() {
      message.flush();
      earlier += message.text;
      message = openMessage();
    },
  };
}
