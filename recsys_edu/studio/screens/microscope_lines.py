"""The Keras lines that stand beside the Microscope's formulas, in one table. A test executes them."""

PAIR = "pair = np.array([[u, i]])"
VECTORS = """p_u = model.user_embedding(pair[:, 0])
q_i = model.item_embedding(pair[:, 1])  # (1, d)"""
LOSS = """with tf.GradientTape() as tape:
    squared_error = model.batch_loss(pair, rating)
    penalty = tf.add_n([0.0, *model.losses])
    loss = squared_error[0] + penalty"""
GRADIENTS = """variables = model.trainable_variables
gradients = tape.gradient(loss, variables)"""
UPDATE = "optimizer.apply(gradients, variables)"
AFTER = "r_hat_after = model(pair)"
DENSE = """h_0 = ops.concatenate([p_u, q_i], axis=1)  # (1, 2d)
{hidden}
w, b = model.{out}.weights  # (units, 1), (1,)
r_hat = h_{last} @ w + b  # (1, 1)"""
HIDDEN = """W_{k}, b_{k} = model.hidden[{before}].weights
z_{k} = h_{before} @ W_{k} + b_{k}  # (1, units)
h_{k} = ops.relu(z_{k})"""
MF_PREDICTION = """mu = model.mean
b_u = model.user_bias(pair[:, 0])
b_i = model.item_bias(pair[:, 1])  # (1, 1)
product = p_u * q_i  # (1, d)
p_q = ops.sum(product, axis=1, keepdims=True)
r_hat = mu + b_u + b_i + p_q  # (1, 1)"""


def keras_lines(model: str, hidden: int = 2) -> dict[str, str]:
    """The Keras lines of each stage of the page. Executed in this order, where model, optimizer, u, i and rating are
    known, they make the step, and their names hold the numbers that the page shows."""
    if model == "mf":
        prediction = MF_PREDICTION
    else:
        depth = hidden if model == "mlp" else 0
        layers = "\n".join(HIDDEN.format(k=k, before=k - 1) for k in range(1, depth + 1))
        out = "out" if model == "mlp" else "dense"
        prediction = DENSE.format(hidden=layers, out=out, last=depth).replace("\n\n", "\n")
    stages = {"vectors": f"{PAIR}\n{VECTORS}", "prediction": prediction, "loss": LOSS, "gradients": GRADIENTS}
    return stages | {"update": UPDATE, "after": AFTER}
