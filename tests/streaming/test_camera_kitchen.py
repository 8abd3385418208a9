from streaming.camera_kitchen import HEIGHT, WIDTH, draw_kitchen


def test_the_kitchen_is_wider_than_the_camera_sees_and_more_than_a_test_card():
    image = draw_kitchen(360)
    assert image.size == (WIDTH * 360 // HEIGHT, 360)
    assert len(image.getcolors(image.width * image.height)) > 50
