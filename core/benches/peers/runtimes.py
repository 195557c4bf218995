"""Other runtimes on one thread. Each function returns one that computes one window."""


def onnx_runtime(model, window):
    import onnxruntime

    # otherwise a thread of its own writes a database in the home directory
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: window}
    return lambda: session.run(None, inputs)


def litert(model, window):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]

    def run():
        interpreter.set_tensor(index, window)
        interpreter.invoke()

    return run
