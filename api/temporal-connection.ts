import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';
import { Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

/** As soon as Temporal is back it is found to be: gRPC would look every two minutes in the end. */
const reconnectMsMax = 1_000;

/**
 * Opens a connection to Temporal. It is lazy, because what does not need Temporal must answer while
 * Temporal is away. A call that is under way when it is closed fails, as cancelled.
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
 * The client tries a failed call again out of a timer, which a close does not stop. On a closed
 * channel gRPC throws; thrown out of a timer, it would end the process.
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
