"""What maintainers run: notebook runner, Colab editions, new-notebook skeleton."""
