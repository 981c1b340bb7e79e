"""Checks of the exercises in notebook 99-9-trial."""

from helpers.checks import exercise, expect


@exercise("99.9-count-weights", hint="Biases are weights too.")
def count_weights(answer):
    for inputs, outputs, expected in [(4, 3, 15), (1, 1, 2), (10, 2, 22)]:
        expect(answer(inputs, outputs), expected, given=f"{inputs}, {outputs}")


@exercise("99.9-count-products", hint="Adding the bias is not a product.")
def count_products(answer):
    for inputs, outputs, expected in [(4, 3, 12), (1, 1, 1), (10, 2, 20)]:
        expect(answer(inputs, outputs), expected, given=f"{inputs}, {outputs}")


@exercise("99.9-output-shape", hint="The batch comes first, as in the input.")
def output_shape(answer):
    for samples, inputs, outputs in [(5, 4, 3), (1, 2, 7)]:
        given = f"{samples}, {inputs}, {outputs}"
        expect(answer(samples, inputs, outputs), (samples, outputs), given=given)
