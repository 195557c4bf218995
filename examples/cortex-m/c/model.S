/* The model, as it is, in flash. */
    .section .rodata.model, "a"
    .balign 16
    .global model, model_end
model:
    .incbin "compact.timbrel"
model_end:

    .section .note.GNU-stack, "", %progbits
