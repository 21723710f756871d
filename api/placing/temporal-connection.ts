import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';
import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

/** The longest pause between attempts to reconnect. By default gRPC's would grow to two minutes. */
const reconnectMsMax = 1_000;

/**
 * Opens a connection to Temporal. It is lazy: the calls that do not need Temporal must work without
 * it. Closing it cancels the running calls.
 *
 * @param address - `host:port` of Temporal's frontend
 */
export function openTemporal(address: string): Connection {
  return Connection.lazy({
    address,
    channelArgs: { 'grpc.max_reconnect_backoff_ms': reconnectMsMax },
    interceptors: [makeGrpcRetryInterceptor(defaultGrpcRetryOptions()), failOnClosed],
  });
}

/**
 * The client retries a failed call from a timer, which a close does not stop. On a closed channel
 * gRPC throws, and an error thrown from a timer would end the process.
 */
const failOnClosed: Interceptor = (options, nextCall) => {
  try {
    return new InterceptingCall(nextCall(options));
  } catch (error) {
    return failedCall(error instanceof Error ? error.message : String(error));
  }
};

function failedCall(details: string): InterceptingCall {
  const nothing = () => undefined;
  return new InterceptingCall({
    start(_metadata, listener) {
      listener?.onReceiveMessage?.(null);
      listener?.onReceiveStatus?.({ code: status.CANCELLED, details, metadata: new Metadata() });
    },
    sendMessage: nothing,
    sendMessageWithContext: nothing,
    startRead: nothing,
    halfClose: nothing,
    cancelWithStatus: nothing,
    getPeer: () => '',
    getAuthContext: () => null,
  });
}
